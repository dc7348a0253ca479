//! What goes wrong, and what the user is told.

use std::fs;
use std::path::Path;

use engine::{EngineError, Hypothesis, JobError, Language, ListenRequest, SoundIn, SpeechToText};
use testkit::wer;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use worker_host::{WorkerCommand, WorkerStatus};

use crate::setup::{command, listen, load, models, pieces, request, speech, wav, worker, worker_of};

/// The sentence with which loading fails when the file of this role is this one.
async fn sentence(models: &Path, role: &str, file: &Path) -> String {
    let mut load = load(models);
    load.files.retain(|(own, _)| own != role);
    load.files.push((role.into(), file.into()));
    match worker(load).ready().await {
        Err(error @ EngineError::Job(JobError::BadModel { .. })) => error.to_string(),
        other => panic!("it should not load: {other:?}"),
    }
}

#[tokio::test]
async fn a_file_that_is_missing_or_wrong_is_named() {
    let Some(models) = models() else { return };
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("not-there");
    let garbage = folder.path().join("garbage");
    fs::write(&garbage, [7; 4096]).unwrap();
    let cut = folder.path().join("cut.ort");
    let whole = fs::read(models.join("encoder_model.ort")).unwrap();
    fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    for (role, file, expect) in [
        ("weights", &missing, "not-there is missing"),
        ("weights", &garbage, "garbage is damaged"),
        ("weights", &cut, "cut.ort is damaged"),
        ("weights", &models.join("silero_vad_16k_op15.onnx"), "another model"),
        ("decoder", &models.join("encoder_model.ort"), "another model"),
        ("tokenizer", &missing, "not-there is missing"),
        ("tokenizer", &garbage, "vocabulary"),
        ("library", &missing, "not-there is missing"),
        ("library", &garbage, "is not ONNX Runtime"),
        ("library", &folder.path().to_path_buf(), "is a folder"),
    ] {
        let sentence = sentence(&models, role, file).await;
        assert!(sentence.contains(expect), "{role}: {sentence}");
    }
}

#[tokio::test]
async fn only_english_is_listened_to() {
    let Some(models) = models() else { return };
    let worker = worker(load(&models));
    let (_sound, sounds) = mpsc::channel(1);
    let (heard, _hypotheses) = mpsc::channel(1);
    let request = ListenRequest { language: Some(Language("es".into())), ..request() };
    let error = worker.listen(request, sounds, heard, CancellationToken::new()).await.unwrap_err();
    assert!(error.to_string().contains("English only"), "{error}");
}

#[tokio::test]
async fn a_cancelled_utterance_ends() {
    let Some(models) = models() else { return };
    let worker = worker(load(&models));
    let (_sound, sounds) = mpsc::channel(1);
    let (heard, _hypotheses) = mpsc::channel(1);
    let cancel = CancellationToken::new();
    worker.ready().await.unwrap();
    let stop = async { cancel.cancel() };
    let (result, ()) = tokio::join!(worker.listen(request(), sounds, heard, cancel.clone()), stop);
    assert_eq!(result, Err(EngineError::Job(JobError::Cancelled)));
}

#[cfg(unix)]
#[tokio::test]
async fn a_worker_killed_in_mid_utterance_hears_it_all_the_same() {
    let (Some(models), Some(speech)) = (models(), speech()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let note = folder.path().join("pid");
    // Notes its process's id, and becomes the worker.
    let shell = WorkerCommand::new("sh").arg("-c").arg("echo $$ > \"$0\"; exec \"$1\"").arg(&note);
    let worker = worker_of(shell.arg(command().program), load(&models));
    worker.ready().await.unwrap();
    let mut all = pieces(&wav(&speech.join("librispeech_quilter.wav")));
    let rest = all.split_off(100);
    let (sound, sounds) = mpsc::channel(4);
    let (heard, mut hypotheses) = mpsc::channel::<Hypothesis>(64);
    let mut status = worker.status();
    let feed = async {
        for piece in all {
            sound.send(piece).await.unwrap();
        }
        sound.send(SoundIn::Settle(1)).await.unwrap();
        while hypotheses.recv().await.unwrap().settles != Some(1) {}
        let life = status.borrow().life();
        let killed = std::process::Command::new("kill")
            .arg("-9")
            .arg(fs::read_to_string(&note).unwrap().trim())
            .status();
        assert!(killed.unwrap().success());
        status.wait_for(|status| status.life().is_some() && status.life() != life).await.unwrap();
        for piece in rest {
            sound.send(piece).await.unwrap();
        }
        drop(sound);
        while hypotheses.recv().await.is_some() {}
    };
    let job = worker.listen(request(), sounds, heard, CancellationToken::new());
    let (transcript, ()) = tokio::join!(job, feed);
    let text = transcript.unwrap().text;
    assert_eq!(wer(super::listening::QUILTER, &text).errors, 0, "{text}");
    assert!(matches!(*worker.status().borrow(), WorkerStatus::Ready { .. }));
    let (again, _) = listen(&worker, pieces(&wav(&speech.join("harvard_6.wav")))).await;
    assert_eq!(again.text, "The pencils have all been used.");
}
