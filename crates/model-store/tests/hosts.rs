//! Whom the store talks to, what it tells them, and what it makes of refusals and of broken disks.
#![allow(clippy::unwrap_used, reason = "clippy sees the helpers of tests as ordinary functions")]

mod support;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use model_store::{Disk, DiskError, DownloadError, Network, PartFile, RealDisk};
use support::{Gguf, House, Reply, Server, Then, content, hub_file, nobody, serve, sha256};

/// The sentence that a hub answering with `status` leads to.
async fn sentence(status: u16) -> String {
    let server = Server::start(move |_, _| Reply::status(status)).await;
    let house = House::with_file(&server.url(), b"x");
    house.download().await.unwrap_err().to_string()
}

#[tokio::test]
async fn refusals_are_sentences_that_say_what_to_do() {
    insta::assert_snapshot!(sentence(401).await, @"127.0.0.1 wants to know who you are for m.bin. Set an access token (HF_TOKEN) and try again.");
    insta::assert_snapshot!(sentence(403).await, @"127.0.0.1 does not let you have m.bin. Accept the model's terms on its page and set an access token (HF_TOKEN).");
    insta::assert_snapshot!(sentence(404).await, @"127.0.0.1 has no m.bin. It may have been moved or withdrawn.");
    insta::assert_snapshot!(sentence(429).await, @"127.0.0.1 has had too many requests. Try again in a few minutes.");
    insta::assert_snapshot!(sentence(500).await, @"127.0.0.1 has a problem of its own (status 500). Try again later.");
    insta::assert_snapshot!(sentence(418).await, @"127.0.0.1 gave an answer that makes no sense (status 418). A login page of the network may be in the way.");
}

#[tokio::test]
async fn a_passing_fault_is_waited_out() {
    for status in [429, 500, 503] {
        let server = Server::start(move |request, number| match number {
            0 | 1 => Reply::status(status).with("retry-after", "0"),
            _ => serve(request, b"hello", "\"one\""),
        })
        .await;
        House::with_file(&server.url(), b"hello").download().await.unwrap();
        assert_eq!(server.requests().len(), 3);
    }
}

#[tokio::test]
async fn a_long_wait_that_is_asked_for_is_said_instead_of_waited() {
    let server = Server::start(|_, _| Reply::status(429).with("retry-after", "3600")).await;
    let error = House::with_file(&server.url(), b"x").download().await.unwrap_err();
    assert!(matches!(error, DownloadError::TooManyRequests { .. }), "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn the_token_goes_to_the_hub_and_not_along_a_redirect() {
    let bytes = content(5000);
    let all = bytes.clone();
    let elsewhere = Server::with_file(all).await;
    let target = format!("{}/cdn/blob", elsewhere.url());
    let hash = sha256(&bytes);
    let hub = Server::start(move |_, _| {
        Reply::status(302)
            .with("location", &target)
            .with("x-linked-etag", &format!("\"{hash}\""))
            .with("x-linked-size", "5000")
    })
    .await;
    let house = House::with_unknown_file(&hub.url(), "m.bin").token("secret");
    house.download().await.unwrap();
    assert_eq!(hub.requests()[0].header("authorization"), Some("Bearer secret"));
    assert_eq!(elsewhere.requests()[0].header("authorization"), None);
    // The hash came with the redirect, so the file interface was not needed.
    assert_eq!(hub.requests().len(), 1);
    assert!(std::fs::read_to_string(house.path("m.bin.json")).unwrap().contains("against-hub"));
}

#[tokio::test]
async fn a_redirect_within_the_hub_is_followed_with_the_token() {
    let hub = Server::start(|request, number| match number {
        0 => Reply::status(307).with("location", "/moved/m.bin"),
        _ => serve(request, b"hello", "\"one\""),
    })
    .await;
    House::with_file(&hub.url(), b"hello").token("secret").download().await.unwrap();
    let requests = hub.requests();
    assert_eq!(requests[1].path, "/moved/m.bin");
    assert_eq!(requests[1].header("authorization"), Some("Bearer secret"));
}

#[tokio::test]
async fn endless_redirects_end() {
    let hub = Server::start(|_, _| Reply::status(302).with("location", "/again")).await;
    let error = House::with_file(&hub.url(), b"x").download().await.unwrap_err();
    assert!(matches!(error, DownloadError::Nonsense { .. }), "{error}");
}

#[tokio::test]
async fn an_unreachable_hub_is_said_at_once() {
    let house = House::with_file(&nobody().await, b"x");
    let error = house.download().await.unwrap_err();
    assert!(matches!(error, DownloadError::Unreachable { .. }), "{error}");
    assert_eq!(
        error.to_string(),
        "127.0.0.1 cannot be reached. Check the connection, or set a mirror (HF_ENDPOINT)."
    );
}

#[tokio::test]
async fn a_hub_that_takes_the_call_and_says_nothing_is_given_up_at_once() {
    let hub = Server::start(|_, _| Reply::status(200).cut(0, Then::Silent)).await;
    let mut house = House::with_file(&hub.url(), b"x");
    house.config.patience.answer = Duration::from_millis(100);
    let error = house.download().await.unwrap_err();
    assert!(matches!(error, DownloadError::Stalled { .. }), "{error}");
    assert_eq!(hub.requests().len(), 1);
}

#[tokio::test]
async fn a_mirror_steps_in_and_gets_no_token() {
    let mirror = Server::with_file(b"hello".to_vec()).await;
    let mut house = House::with_file(&nobody().await, b"hello").token("secret");
    house.config.endpoints.push(mirror.url());
    house.download().await.unwrap();
    assert_eq!(mirror.requests()[0].header("authorization"), None);
}

#[tokio::test]
async fn a_mirror_with_another_file_does_not_pass() {
    let mirror = Server::with_file(b"hallo".to_vec()).await;
    let mut house = House::with_file(&nobody().await, b"hello");
    house.config.endpoints.push(mirror.url());
    house.download().await.unwrap_err();
    assert!(!house.path("m.bin").exists());
}

#[tokio::test]
async fn a_hub_that_names_another_hash_is_not_downloaded_from() {
    let hub = Server::start(|request, _| {
        serve(request, b"hello", "\"one\"").with("x-linked-etag", &format!("\"{}\"", sha256(b"other")))
    })
    .await;
    let house = House::with_file(&hub.url(), b"hello");
    let error = house.download().await.unwrap_err();
    assert!(matches!(error, DownloadError::Changed { .. }), "{error}");
    assert!(house.files().is_empty());
}

#[tokio::test]
async fn offline_means_no_request() {
    let hub = Server::with_file(b"hello".to_vec()).await;
    let mut house = House::with_file(&hub.url(), b"hello");
    house.config.network = Network::Offline;
    assert!(matches!(house.download().await, Err(DownloadError::Offline)));
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn looking_around_asks_nobody() {
    let hub = Server::with_file(b"hello".to_vec()).await;
    let house = House::with_file(&hub.url(), b"hello");
    let store = house.open();
    assert!(store.installed().is_empty());
    assert!(store.resolve(&support::model()).is_none());
    assert!(!store.catalogue().is_empty());
    assert!(hub.requests().is_empty());
    assert!(!house.config.folder.exists());
}

/// A disk with a fault.
#[derive(Debug)]
enum BadDisk {
    Small(u64),
    Full,
    ReadOnly,
}

impl Disk for BadDisk {
    fn free(&self, folder: &Path) -> io::Result<u64> {
        if let Self::Small(free) = self { Ok(*free) } else { RealDisk.free(folder) }
    }

    fn open_part(&self, part: &Path, keep: u64) -> io::Result<Box<dyn PartFile>> {
        match self {
            Self::Small(_) => RealDisk.open_part(part, keep),
            Self::Full => Ok(Box::new(FillsUp(RealDisk.open_part(part, keep)?, 50_000))),
            Self::ReadOnly => Err(io::ErrorKind::ReadOnlyFilesystem.into()),
        }
    }
}

/// Takes so many bytes and then says what a full disk says.
struct FillsUp(Box<dyn PartFile>, usize);

impl PartFile for FillsUp {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let fits = bytes.len().min(self.1);
        self.0.append(&bytes[..fits])?;
        self.1 -= fits;
        if fits < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync()
    }
}

async fn on(disk: BadDisk) -> (House, Server, DownloadError) {
    let bytes = content(200_000);
    let server = Server::with_file(bytes.clone()).await;
    let mut house = House::with_file(&server.url(), &bytes);
    house.disk = Arc::new(disk);
    let error = house.download().await.unwrap_err();
    (house, server, error)
}

#[tokio::test]
async fn too_little_space_is_said_before_anything_is_written() {
    let (house, _server, error) = on(BadDisk::Small(1000)).await;
    assert!(matches!(error, DownloadError::Disk(DiskError::TooLittleSpace { .. })), "{error}");
    assert!(error.to_string().contains("200 KB more are needed and 1.00 KB are free"), "{error}");
    assert!(house.files().is_empty(), "{:?}", house.files());
}

#[tokio::test]
async fn a_disk_that_fills_up_keeps_what_is_there_and_goes_on_later() {
    let (mut house, server, error) = on(BadDisk::Full).await;
    assert!(matches!(error, DownloadError::Disk(DiskError::Full(_))), "{error}");
    assert_eq!(house.files(), ["m.bin.part", "m.bin.part.json"]);
    house.disk = Arc::new(RealDisk);
    house.download().await.unwrap();
    assert_eq!(server.requests()[1].range_from(), Some(50_000));
    assert_eq!(std::fs::read(house.path("m.bin")).unwrap(), content(200_000));
}

#[cfg(target_os = "linux")]
#[test]
fn the_real_full_device_is_recognised() {
    let mut file = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    assert_eq!(
        PartFile::append(&mut file, b"x").map_err(|error| error.kind()),
        Err(io::ErrorKind::StorageFull)
    );
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named() {
    let (_house, _server, error) = on(BadDisk::ReadOnly).await;
    assert!(matches!(error, DownloadError::Disk(DiskError::NotWritable(_))), "{error}");
    let server = Server::with_file(b"x".to_vec()).await;
    let mut house = House::with_file(&server.url(), b"x");
    // A file where the folder should be: even root cannot write there.
    let file = house.folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    house.config.folder = file.join("models");
    let error = house.download().await.unwrap_err();
    assert!(matches!(error, DownloadError::Disk(DiskError::NotWritable(_))), "{error}");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_repository_outside_the_catalogue_can_be_looked_up_and_downloaded() {
    let (model, projector) = (Gguf::model("llama").build(), Gguf::model("clip").build());
    let (weights, eyes) = (model.clone(), projector.clone());
    let hub = Server::start(move |request, _| {
        let path = request.path.as_str();
        let lfs = |bytes: &[u8]| serde_json::json!({ "oid": sha256(bytes), "size": bytes.len() });
        match path {
            "/api/models/a/b/revision/main" => Reply::json(&serde_json::json!({ "sha": "c0ffee" })),
            "/api/models/a/b/tree/c0ffee?recursive=true" => Reply::json(&serde_json::json!([
                { "type": "directory", "path": "x", "size": 0 },
                { "type": "file", "path": "m-Q4_0.gguf", "size": weights.len(), "lfs": lfs(&weights) },
                { "type": "file", "path": "mmproj-m-F16.gguf", "size": eyes.len(), "lfs": lfs(&eyes) },
            ])),
            "/a/b/resolve/c0ffee/m-Q4_0.gguf" => serve(request, &weights, "\"w\""),
            "/a/b/resolve/c0ffee/mmproj-m-F16.gguf" => serve(request, &eyes, "\"p\""),
            _ => Reply::status(404),
        }
    })
    .await;
    let house = House::new(&hub.url(), &hub_file("weights", "m.bin", ""));
    let cancel = tokio_util::sync::CancellationToken::new();
    let store = house.open();
    let entry = store.look_up(&"a/b:q4_0".parse().unwrap(), &cancel).await.unwrap();
    assert_eq!(entry.id.as_str(), "a-b-m-q4_0");
    store.adopt(&entry).unwrap();
    store.download(&entry.id, &cancel, support::silent()).await.unwrap();
    // It stays known to the next start.
    let files = house.open().resolve(&entry.id).unwrap();
    assert_eq!(std::fs::read(files.weights).unwrap(), model);
    assert_eq!(std::fs::read(files.projector.unwrap()).unwrap(), projector);
    let missing = store.look_up(&"a/none".parse().unwrap(), &cancel).await.unwrap_err();
    assert!(matches!(missing, DownloadError::NotFound { .. }), "{missing}");
}
