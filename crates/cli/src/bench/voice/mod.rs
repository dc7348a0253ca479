//! `hark bench voice`: the real program on the virtual sound card, spoken to by recordings of people and measured on what
//! came out of the loudspeaker; the recogniser and the echo canceller on recordings alone.
//!
//! What always holds: whether it ends well, badly or by Ctrl-C, no process, sound server or folder is left behind.

mod cancelling;
mod recognition;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use assembly::speech::Hearing;
use soundcard_sim::Sound;
use tokio::runtime::Handle;
use voice_bench::parts::{Measured, PARTS, Scenes};
use voice_bench::{Cast, Models, voices};

use super::figure::{Figure, Report};
use super::setup::load_average;
use crate::exit::Exit;
use crate::models::{Opened, STARTER};
use crate::terminal::note;
use crate::{listen, opened};

/// The arguments of `hark bench voice`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// An array of {name, value, unit, samples, conditions}; the value of what could not be measured is null
    #[arg(long)]
    json: bool,
    /// Fewer runs, for a first look: a quarter of an hour instead of an hour and more
    #[arg(long)]
    quick: bool,
    /// Only these parts: reply, cutoff, barge-in, false-stops, self-hearing, cost, history, recognition, echo
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    only: Vec<String>,
    /// WAV files of people who speak, with a transcripts.tsv (file, language, words); without it those of the tests
    #[arg(long, value_name = "FOLDER")]
    recordings: Option<PathBuf>,
    /// The folder with the recordings of the tests: speech/, echo/ and rooms/
    #[arg(long, value_name = "FOLDER", env = "HARK_TEST_DATA")]
    data: Option<PathBuf>,
    /// The model that answers: an id; without it the starter model
    #[arg(short, long, value_name = "MODEL")]
    model: Option<String>,
}

/// What the figures on recordings alone are measured with.
struct Files {
    /// With transcripts.
    recordings: PathBuf,
    data: Option<PathBuf>,
    /// Sound of an office, 16 kHz.
    noise: Option<Vec<f32>>,
    /// Where the models are.
    home: voice_bench::Home,
    runtime: Handle,
}

/// Figures on recordings alone.
struct OnFiles {
    name: &'static str,
    figures: &'static [&'static str],
    measure: fn(&Files) -> anyhow::Result<Vec<Figure>>,
}

const ON_FILES: [OnFiles; 2] = [
    OnFiles {
        name: "recognition",
        figures: &["asr.wer_clean", "asr.wer_noise10", "asr.rtf"],
        measure: recognition::measure,
    },
    OnFiles { name: "echo", figures: &["aec.erle_db"], measure: cancelling::measure },
];

/// Measures what is asked for.
pub(super) fn run(args: Args) -> anyhow::Result<Exit> {
    check(&args.only)?;
    opened::block_on(async {
        let runtime = Handle::current();
        let measuring = tokio::task::spawn_blocking(move || measure(&args, &runtime));
        tokio::pin!(measuring);
        tokio::select! {
            done = &mut measuring => return done.context("The measurement broke off")?,
            pressed = tokio::signal::ctrl_c() => pressed?,
        }
        // What was started is put away before this ends.
        voice_bench::interrupt();
        let _ = measuring.await;
        Ok(Exit::Interrupted)
    })
}

fn check(only: &[String]) -> anyhow::Result<()> {
    let names = || PARTS.iter().map(|part| part.name).chain(ON_FILES.iter().map(|part| part.name));
    if let Some(unknown) = only.iter().find(|wanted| !names().any(|name| name == wanted.as_str())) {
        bail!("there is no part “{unknown}”; the parts are {}", names().collect::<Vec<_>>().join(", "));
    }
    Ok(())
}

fn measure(args: &Args, runtime: &Handle) -> anyhow::Result<Exit> {
    let is_wanted = |name: &str| args.only.is_empty() || args.only.iter().any(|wanted| wanted == name);
    let files = files(args, runtime)?;
    let scenes = scenes(args, &files)?;
    let mut report = Report::new();
    let mut add = |names: &[&str], measure: &dyn Fn() -> anyhow::Result<Vec<Figure>>| -> anyhow::Result<()> {
        note(format!("measuring {}", names.join(", ")));
        let before = load_average();
        match measure() {
            Ok(figures) => report.add(figures, [before, load_average()]),
            Err(reason) => report.skip(names, &reason),
        }
        voice_bench::go_on()
    };
    for part in PARTS.iter().filter(|part| is_wanted(part.name)) {
        add(part.figures, &|| Ok((part.measure)(&scenes)?.into_iter().map(figure).collect()))?;
    }
    for part in ON_FILES.iter().filter(|part| is_wanted(part.name)) {
        add(part.figures, &|| (part.measure)(&files))?;
    }
    report.print(args.json)?;
    Ok(Exit::Done)
}

fn figure(measured: Measured) -> Figure {
    Figure::new(measured.name, measured.value, measured.unit, measured.samples, measured.conditions)
}

fn files(args: &Args, runtime: &Handle) -> anyhow::Result<Files> {
    let given = args.recordings.clone().or_else(|| Some(args.data.as_ref()?.join("speech")));
    let recordings = given.context(
        "there are no recordings: name a folder of WAV files with a transcripts.tsv (file, language, words) with \
         --recordings, or the one with the recordings of the tests in HARK_TEST_DATA",
    )?;
    let noise =
        args.data.as_ref().map(|data| data.join("speech/noise_office.mp3")).filter(|file| file.is_file());
    let noise = noise.map(|file| listen::read::sound(&file)).transpose()?;
    let home = voice_bench::Home::furnish(&models()?, &programs()?, "")?;
    Ok(Files { recordings, data: args.data.clone(), noise, home, runtime: runtime.clone() })
}

fn scenes(args: &Args, files: &Files) -> anyhow::Result<Scenes> {
    let mut utterances = voices::recordings(&files.recordings)?;
    let models = models()?;
    // Two readings that come with the tests' models: some twenty utterances more.
    if let (Models::Loose { voice, .. }, None) = (&models, &args.recordings) {
        let readings = ["two_cities.wav", "beckett.wav"].map(|name| voice.join(name));
        for reading in readings.iter().filter(|file| file.is_file()) {
            utterances.extend(voices::pieces(reading)?);
        }
    }
    let chosen =
        args.model.clone().map_or_else(|| Opened::here()?.id(STARTER).map(|id| id.to_string()), Ok)?;
    let cast = Cast {
        programs: programs()?,
        models,
        reply_tokens: None,
        arguments: Vec::new(),
        model: Some(chosen),
    };
    let noise = files.noise.as_ref().map(|noise| Sound::of(noise, engine::SPEECH_RATE));
    Ok(Scenes { cast, utterances, noise, quick: args.quick, note: |line| note(line) })
}

/// The models of the tests where the environment names them, else the user's.
fn models() -> anyhow::Result<Models> {
    if let Some(models) = Models::of_tests() {
        return Ok(models);
    }
    let opened = Opened::here()?;
    let missing = assembly::speech::missing(&opened.store, Hearing::of(&opened.settings.voice));
    if !missing.is_empty() {
        bail!("the models for understanding speech are not here; fetch them with `hark models pull voice`");
    }
    Ok(Models::Kept(opened.paths.models_folder(&opened.settings)))
}

/// The folder of this very program.
fn programs() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("this program does not know where it is")?;
    Ok(own.parent().unwrap_or(Path::new(".")).to_owned())
}

impl Files {
    /// The models as an application at home there finds them.
    fn store(&self) -> anyhow::Result<Arc<model_store::ModelStore>> {
        let paths = settings::Paths::under(self.home.path());
        let (_, loaded) = settings::SettingsFile::open(paths.settings_file());
        Ok(Arc::new(assembly::model_store_of(&paths, &loaded.settings)?))
    }

    /// A recording of the tests.
    fn recorded(&self, name: &str) -> anyhow::Result<Vec<f32>> {
        let data =
            self.data.as_ref().context("HARK_TEST_DATA names no folder with recordings of echo and rooms")?;
        listen::read::sound(&data.join(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_part_is_refused_with_the_names_there_are() {
        let error = check(&["replies".to_owned()]).unwrap_err().to_string();
        assert!(
            error.contains("replies") && error.contains("barge-in") && error.contains("recognition"),
            "{error}"
        );
        check(&["reply".to_owned(), "echo".to_owned()]).unwrap();
    }
}
