//! A sound card whose news a test tells.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use media::{
    Batch, Closed, Device, Direction, Ears, Epoch, Mouth, Played, Side, SoundCard, SoundError, SoundLink,
    SoundNews, SoundRequest,
};

const RATE: u32 = 16_000;

/// A card that gives silence.
#[derive(Default)]
pub struct Card {
    /// The way to the link that is open.
    open: Mutex<Option<Sender<SoundNews>>>,
}

impl Card {
    /// The microphone of the open link stands so from now on.
    pub fn microphone(&self, side: Side) {
        let news = SoundNews::Changed(Direction::Input, side);
        self.open.lock().unwrap().as_ref().unwrap().send(news).unwrap();
    }
}

pub fn open(device: &str) -> Side {
    Side::Open { device: device.into(), rate: RATE }
}

impl SoundCard for Card {
    fn devices(&self) -> Result<Vec<Device>, SoundError> {
        Ok(Vec::new())
    }

    fn open(&self, _: &SoundRequest) -> Result<SoundLink, SoundError> {
        let (sender, news) = channel();
        *self.open.lock().unwrap() = Some(sender);
        Ok(SoundLink { ears: Box::new(Quiet(news)), mouth: Box::new(Nobody) })
    }
}

struct Quiet(Receiver<SoundNews>);

impl Ears for Quiet {
    fn read(&mut self, batch: &mut Batch, timeout: Duration) -> Result<(), Closed> {
        *batch = Batch { mic: vec![0.0; 160], mic_rate: RATE, far_rate: RATE, ..Batch::default() };
        match self.0.recv_timeout(timeout) {
            Ok(news) => batch.news.push(news),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(Closed),
        }
        Ok(())
    }
}

struct Nobody;

impl Mouth for Nobody {
    fn rate(&self) -> u32 {
        RATE
    }

    fn room(&self) -> usize {
        0
    }

    fn queue(&mut self, _: &[f32]) -> usize {
        0
    }

    fn flush(&mut self) -> Epoch {
        Epoch::default()
    }

    fn set_gain(&mut self, _: f32, _: Duration) {}

    fn played(&self) -> Played {
        Played::default()
    }
}
