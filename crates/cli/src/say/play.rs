//! Speech through the loudspeaker, as it is made.

use std::sync::Arc;
use std::time::Duration;

use dsp::Resampler;
use engine::SpeechChunk;
use media::{Direction, Microphone, Mouth, Side, SoundCard, SoundLink, SoundNews, SoundRequest};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Speaker;
use super::text::Source;
use crate::exit::{Exit, Failure};

/// How often it is looked whether there is room for more, or all has been heard. A fraction of what the queue holds.
const LOOK: Duration = Duration::from_millis(10);
/// A loudspeaker that takes nothing for so long is not there.
const STUCK: Duration = Duration::from_secs(5);
/// The fade of a flush and what the device still has.
const FADE: Duration = Duration::from_millis(60);

/// Where it is played.
pub(super) struct Sound {
    pub(super) card: Arc<dyn SoundCard>,
    pub(super) output: Option<media::DeviceName>,
    /// 0..=1.
    pub(super) volume: f32,
}

/// Speaks all of a text. Ctrl-C is silence at once.
pub(super) async fn play(
    speaker: &Speaker,
    source: Source,
    language: Option<&str>,
    rate: u32,
    sound: Sound,
) -> anyhow::Result<Exit> {
    let mut mouth = open(sound).await?;
    let cancel = CancellationToken::new();
    let stopped = cancel.clone();
    tokio::spawn(async move {
        // Where the signal cannot be had, the system's own way to end a program holds.
        if tokio::signal::ctrl_c().await.is_ok() {
            stopped.cancel();
        }
    });
    let voiced = async |sound: mpsc::Receiver<SpeechChunk>| {
        let played = tokio::select! {
            played = feed(&mut *mouth, rate, sound) => played,
            () = cancel.cancelled() => Ok(()),
        };
        if cancel.is_cancelled() {
            mouth.flush();
            tokio::time::sleep(FADE).await;
        }
        played
    };
    speaker.sound(source, language, &cancel, voiced).await?;
    Ok(if cancel.is_cancelled() { Exit::Interrupted } else { Exit::Done })
}

/// Opens the loudspeaker, and no microphone.
async fn open(sound: Sound) -> anyhow::Result<Box<dyn Mouth>> {
    let Sound { card, output, volume } = sound;
    let request = SoundRequest { microphone: Microphone::Closed, input: None, output };
    let failed = |sentence: String| Failure::new(Exit::Failed, sentence);
    let opened = tokio::task::spawn_blocking(move || {
        let SoundLink { mut ears, mut mouth } = card.open(&request)?;
        mouth.set_gain(volume, Duration::ZERO);
        // What is wrong with the loudspeaker is among the first news.
        let mut batch = media::Batch::default();
        let mut lost = None;
        if ears.read(&mut batch, LOOK).is_ok() {
            lost = batch.news.into_iter().find_map(|news| match news {
                SoundNews::Changed(Direction::Output, Side::Lost { why }) => Some(why),
                _ => None,
            });
        }
        lost.map_or(Ok(mouth), Err)
    });
    let opened = opened.await?.map_err(|error| failed(error.to_string()))?;
    Ok(opened)
}

/// Plays all that comes, and returns when it was heard.
async fn feed(
    mouth: &mut dyn Mouth,
    rate: u32,
    mut sound: mpsc::Receiver<SpeechChunk>,
) -> anyhow::Result<()> {
    let mut queue = Queue { rate, to: mouth.rate(), resampler: Resampler::new(rate, mouth.rate())? };
    let mut queued = mouth.played().frames;
    loop {
        let chunk = sound.recv().await;
        let frames = queue.frames(chunk.as_ref(), mouth.rate())?;
        queued += put(mouth, &frames).await?;
        if chunk.is_none() {
            break;
        }
    }
    // Heard: handed over, and no longer on its way.
    let mut patience = Patience::new();
    loop {
        let played = mouth.played();
        if played.frames >= queued && played.in_flight == 0 {
            return Ok(());
        }
        // A device that cannot tell what is on its way may never say that nothing is.
        if patience.look(played.frames).await.is_err() {
            return Ok(());
        }
    }
}

/// Queues all of `frames`; how many that were.
async fn put(mouth: &mut dyn Mouth, mut frames: &[f32]) -> anyhow::Result<u64> {
    let all = frames.len() as u64;
    let mut patience = Patience::new();
    while !frames.is_empty() {
        let taken = mouth.queue(frames);
        frames = &frames[taken..];
        if !frames.is_empty() {
            let stuck = || Failure::new(Exit::Failed, media::SoundError::NoSpeaker.to_string());
            patience.look(mouth.played().frames).await.map_err(|()| stuck())?;
        }
    }
    Ok(all)
}

/// Resamples to what the loudspeaker plays, which may become another.
struct Queue {
    rate: u32,
    to: u32,
    resampler: Resampler,
}

impl Queue {
    fn frames(&mut self, chunk: Option<&SpeechChunk>, to: u32) -> anyhow::Result<Vec<f32>> {
        let mut frames = Vec::new();
        if to != self.to {
            self.resampler = Resampler::new(self.rate, to)?;
            self.to = to;
        }
        match chunk {
            Some(chunk) => self.resampler.push(&chunk.pcm.0, &mut frames),
            None => self.resampler.finish(&mut frames),
        }
        Ok(frames)
    }
}

/// Looks again and again, but not for ever at a device that does nothing.
struct Patience {
    frames: u64,
    idle: Duration,
}

impl Patience {
    fn new() -> Self {
        Self { frames: 0, idle: Duration::ZERO }
    }

    async fn look(&mut self, frames: u64) -> Result<(), ()> {
        tokio::time::sleep(LOOK).await;
        self.idle = if frames == self.frames { self.idle + LOOK } else { Duration::ZERO };
        self.frames = frames;
        if self.idle < STUCK { Ok(()) } else { Err(()) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use engine::Pcm;
    use media::{Epoch, Played};

    use super::*;

    /// Takes a few frames at a time and plays them at once.
    #[derive(Default)]
    struct Small {
        played: Vec<f32>,
    }

    impl Mouth for Small {
        fn rate(&self) -> u32 {
            16_000
        }
        fn room(&self) -> usize {
            100
        }
        fn queue(&mut self, pcm: &[f32]) -> usize {
            let taken = pcm.len().min(100);
            self.played.extend(&pcm[..taken]);
            taken
        }
        fn flush(&mut self) -> Epoch {
            Epoch(1)
        }
        fn set_gain(&mut self, _: f32, _: Duration) {}
        fn played(&self) -> Played {
            Played { epoch: Epoch(0), frames: self.played.len() as u64, in_flight: 0 }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn everything_is_played_at_the_loudspeakers_rate() {
        let (out, sound) = mpsc::channel(8);
        for _ in 0..4 {
            out.send(SpeechChunk { pcm: Pcm(vec![0.25; 2_000]), marks: Vec::new() }).await.unwrap();
        }
        drop(out);
        let mut mouth = Small::default();
        feed(&mut mouth, 8_000, sound).await.unwrap();
        assert_eq!(mouth.played.len(), 16_000);
    }

    /// Has no room, ever.
    struct Gone;

    impl Mouth for Gone {
        fn rate(&self) -> u32 {
            16_000
        }
        fn room(&self) -> usize {
            0
        }
        fn queue(&mut self, _: &[f32]) -> usize {
            0
        }
        fn flush(&mut self) -> Epoch {
            Epoch(1)
        }
        fn set_gain(&mut self, _: f32, _: Duration) {}
        fn played(&self) -> Played {
            Played::default()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_loudspeaker_that_takes_nothing_is_given_up() {
        let (out, sound) = mpsc::channel(8);
        out.send(SpeechChunk { pcm: Pcm(vec![0.25; 10]), marks: Vec::new() }).await.unwrap();
        let error = feed(&mut Gone, 16_000, sound).await.unwrap_err().to_string();
        assert!(error.contains("no loudspeakers"), "{error}");
    }
}
