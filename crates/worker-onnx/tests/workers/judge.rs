//! The judge of turns: the same judgement as the one within our own process, and what goes wrong.

use std::path::Path;

use dsp::{EndOfTurn, JudgeInput, LogMel};
use engine::{EngineError, JobError, Pcm, Spectrogram, SpeechLoad, TurnJudge};
use worker_host::{JudgeWorker, WorkerCommand};

use crate::setup::{library, limits, models, speech, wav};

fn program() -> WorkerCommand {
    WorkerCommand::new(env!("CARGO_BIN_EXE_worker-smart-turn"))
}

fn load(models: &Path, weights: &str) -> SpeechLoad {
    let files = [("weights", models.join(weights)), ("library", library(models))];
    SpeechLoad {
        name: "Smart Turn".into(),
        files: files.map(|(role, path)| (role.to_owned(), path)).into(),
        threads: Some(1),
    }
}

const WEIGHTS: &str = "smart-turn-v3.2-cpu.onnx";

fn judge(models: &Path, weights: &str) -> JudgeWorker {
    JudgeWorker::new(program(), limits(), load(models, weights))
}

/// A sentence as a whole, and cut off within a clause.
fn utterances(speech: &Path) -> [JudgeInput; 2] {
    let sound = wav(&speech.join("librispeech_quilter.wav"));
    let half = sound[..sound.len() * 11 / 16].to_vec();
    [sound, half].map(JudgeInput::new)
}

fn spectrogram(voice: &JudgeInput) -> Spectrogram {
    Spectrogram(Pcm(voice.spectrogram(&mut LogMel::new())))
}

#[tokio::test]
async fn it_judges_as_the_one_in_our_own_process_does() {
    let (Some(models), Some(speech)) = (models(), speech()) else { return };
    let worker = judge(&models, WEIGHTS);
    let mut here = EndOfTurn::load(&models.join(WEIGHTS), 1).unwrap();
    let mut judged = Vec::new();
    for voice in utterances(&speech) {
        let ours = here.judge(&voice).unwrap().get();
        let theirs = worker.judge(spectrogram(&voice)).await.unwrap();
        // Two runtimes round the sums of a quantised network differently: by 0.3 where it is in doubt, hardly where not.
        assert!((ours - theirs).abs() < 0.05, "{ours} here, {theirs} there");
        judged.push(theirs);
    }
    assert!(judged[0] > 0.9 && judged[1] < 0.5, "{judged:?}");
}

#[tokio::test]
async fn a_spectrogram_of_another_shape_is_refused_and_the_next_is_judged() {
    let (Some(models), Some(speech)) = (models(), speech()) else { return };
    let worker = judge(&models, WEIGHTS);
    let error = worker.judge(Spectrogram(Pcm(vec![0.0; 10]))).await.unwrap_err();
    assert!(matches!(error, EngineError::Job(JobError::BadRequest { .. })), "{error}");
    let [whole, _] = utterances(&speech);
    assert!(worker.judge(spectrogram(&whole)).await.unwrap() > 0.9);
}

#[tokio::test]
async fn a_model_that_is_missing_or_another_is_named() {
    let Some(models) = models() else { return };
    for (weights, expect) in [("not-there", "not-there is missing"), ("encoder_model.ort", "another model")] {
        let error = judge(&models, weights).ready().await.unwrap_err();
        assert!(matches!(error, EngineError::Job(JobError::BadModel { .. })), "{error}");
        assert!(error.to_string().contains(expect), "{error}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_judge_that_was_killed_judges_again() {
    let (Some(models), Some(speech)) = (models(), speech()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let note = folder.path().join("pid");
    // Notes its process's id, and becomes the worker.
    let shell = WorkerCommand::new("sh").arg("-c").arg("echo $$ > \"$0\"; exec \"$1\"").arg(&note);
    let worker = JudgeWorker::new(shell.arg(program().program), limits(), load(&models, WEIGHTS));
    worker.ready().await.unwrap();
    let mut status = worker.status();
    let life = status.borrow().life();
    let killed = std::process::Command::new("kill")
        .arg("-9")
        .arg(std::fs::read_to_string(&note).unwrap().trim())
        .status();
    assert!(killed.unwrap().success());
    status.wait_for(|status| status.life().is_some() && status.life() != life).await.unwrap();
    let [whole, _] = utterances(&speech);
    assert!(worker.judge(spectrogram(&whole)).await.unwrap() > 0.9);
}
