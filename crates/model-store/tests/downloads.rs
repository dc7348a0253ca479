//! Downloads from a hub that behaves, and from one that does not: what is kept, what is thrown away, and that nothing
//! half-written ever bears a file's name.
#![allow(clippy::unwrap_used, reason = "clippy sees the helpers of tests as ordinary functions")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use model_store::{Checked, DownloadError, FileRecord, Stage};
use support::{Gguf, House, Reply, Server, Then, content, listening, model, serve, sha256, silent};
use tokio_util::sync::CancellationToken;

const SIZE: usize = 300_000;

/// Downloads expecting `bytes` from a server that answers like `answer`.
async fn against(
    bytes: &[u8],
    answer: impl Fn(&support::Request, usize) -> Reply + Send + Sync + 'static,
) -> (House, Server, Result<model_store::InstalledModel, DownloadError>) {
    let server = Server::start(answer).await;
    let house = House::with_file(&server.url(), bytes);
    let result = house.download().await;
    (house, server, result)
}

#[tokio::test]
async fn a_file_arrives_whole_checked_and_remembered() {
    let bytes = content(SIZE);
    let server = Server::with_file(bytes.clone()).await;
    let house = House::with_file(&server.url(), &bytes);
    let (sink, seen) = listening();
    let installed = house.open().download(&model(), &CancellationToken::new(), sink).await.unwrap();
    assert_eq!(std::fs::read(house.path("m.bin")).unwrap(), bytes);
    assert_eq!(installed.bytes(), SIZE as u64);
    assert_eq!(house.files(), ["m.bin", "m.bin.json"]);
    let record: FileRecord =
        serde_json::from_slice(&std::fs::read(house.path("m.bin.json")).unwrap()).unwrap();
    assert_eq!((record.checked, record.sha256), (Checked::AgainstCatalogue, sha256(&bytes)));
    let last = seen.lock().unwrap().last().cloned().unwrap();
    assert_eq!((last.stage, last.done, last.total), (Stage::Done, SIZE as u64, Some(SIZE as u64)));
    assert_eq!(server.requests()[0].path, "/org/repo/resolve/main/dir/m.bin");
}

#[tokio::test]
async fn a_download_can_run_on_a_task_of_its_own() {
    let server = Server::with_file(b"hello".to_vec()).await;
    let house = House::with_file(&server.url(), b"hello");
    let store = Arc::new(house.open());
    let task =
        tokio::spawn(async move { store.download(&model(), &CancellationToken::new(), silent()).await });
    task.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_is_there_is_not_fetched_again() {
    let bytes = content(1000);
    let server = Server::with_file(bytes.clone()).await;
    let house = House::with_file(&server.url(), &bytes);
    house.download().await.unwrap();
    house.download().await.unwrap();
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_dropped_connection_goes_on_where_it_broke() {
    let bytes = content(SIZE);
    let all = bytes.clone();
    let (house, server, result) = against(&bytes, move |request, number| {
        let reply = serve(request, &all, "\"one\"");
        if number < 4 { reply.cut(60_000, Then::Close) } else { reply }
    })
    .await;
    result.unwrap();
    assert_eq!(std::fs::read(house.path("m.bin")).unwrap(), bytes);
    let requests = server.requests();
    let from: Vec<_> = requests.iter().map(support::Request::range_from).collect();
    assert_eq!(from, [None, Some(60_000), Some(120_000), Some(180_000), Some(240_000)]);
    assert_eq!(requests[1].header("if-range"), Some("\"one\""));
}

#[tokio::test]
async fn cancelling_keeps_what_came_and_the_next_time_goes_on() {
    let bytes = content(SIZE);
    let all = bytes.clone();
    let server = Server::start(move |request, number| {
        let reply = serve(request, &all, "\"one\"");
        if number == 0 { reply.cut(100_000, Then::Hang) } else { reply }
    })
    .await;
    let house = House::with_file(&server.url(), &bytes);
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    let sink = Arc::new(move |progress: model_store::Progress| {
        if progress.done > 0 {
            stop.cancel();
        }
    });
    let error = house.open().download(&model(), &cancel, sink).await.unwrap_err();
    assert!(matches!(error, DownloadError::Cancelled), "{error}");
    assert_eq!(house.files(), ["m.bin.part", "m.bin.part.json"]);
    let kept = std::fs::metadata(house.path("m.bin.part")).unwrap().len();
    assert!(kept > 0);
    house.download().await.unwrap();
    assert_eq!(server.requests()[1].range_from(), usize::try_from(kept).ok());
    assert_eq!(std::fs::read(house.path("m.bin")).unwrap(), bytes);
    assert_eq!(house.files(), ["m.bin", "m.bin.json"]);
}

#[tokio::test]
async fn a_stalled_connection_is_noticed_and_tried_again() {
    let bytes = content(SIZE);
    let all = bytes.clone();
    let server = Server::start(move |request, number| {
        let reply = serve(request, &all, "\"one\"");
        if number == 0 { reply.cut(60_000, Then::Hang) } else { reply }
    })
    .await;
    let mut house = House::with_file(&server.url(), &bytes);
    house.config.patience.stall = Duration::from_millis(300);
    house.download().await.unwrap();
    assert_eq!(server.requests()[1].range_from(), Some(60_000));
}

#[tokio::test]
async fn a_server_that_only_stalls_is_given_up_with_a_sentence() {
    let bytes = content(1000);
    let all = bytes.clone();
    let server = Server::start(move |_, _| Reply::file(&all).cut(0, Then::Hang)).await;
    let mut house = House::with_file(&server.url(), &bytes);
    house.config.patience.stall = Duration::from_millis(100);
    let error = house.download().await.unwrap_err();
    assert!(matches!(error, DownloadError::Stalled { .. }), "{error}");
    assert_eq!(server.requests().len(), 3);
    assert!(!house.path("m.bin").exists());
}

#[tokio::test]
async fn too_few_bytes_under_a_longer_length_are_never_a_file() {
    let bytes = content(SIZE);
    let all = bytes.clone();
    // Always the same first bytes, whatever is asked for, and no range support: no attempt gets further.
    let (house, _server, result) =
        against(&bytes, move |_, _| Reply::file(&all).cut(1000, Then::Close)).await;
    assert!(matches!(result, Err(DownloadError::Broken { .. })), "{result:?}");
    assert!(!house.path("m.bin").exists());
}

#[tokio::test]
async fn a_length_other_than_the_published_one_is_refused_before_a_byte_is_kept() {
    let bytes = content(SIZE);
    for length in [SIZE / 2, SIZE * 2] {
        let (house, _server, result) = against(&bytes, move |_, _| Reply::file(&content(length))).await;
        assert!(matches!(result, Err(DownloadError::WrongSize { .. })), "{result:?}");
        assert!(house.files().is_empty(), "{:?}", house.files());
    }
}

#[tokio::test]
async fn more_bytes_than_published_are_cut_off_and_thrown_away() {
    let bytes = content(1000);
    // No length at all: the body ends with the connection.
    let (house, _server, result) =
        against(&bytes, |_, _| Reply::file(&content(5000)).without("content-length")).await;
    assert!(matches!(result, Err(DownloadError::WrongSize { .. })), "{result:?}");
    assert!(house.files().is_empty(), "{:?}", house.files());
}

#[tokio::test]
async fn corrupt_bytes_are_removed() {
    let bytes = content(SIZE);
    let mut corrupt = bytes.clone();
    corrupt[SIZE / 2] ^= 1;
    let (house, _server, result) =
        against(&bytes, move |request, _| serve(request, &corrupt, "\"one\"")).await;
    assert!(matches!(result, Err(DownloadError::WrongHash { .. })), "{result:?}");
    assert!(house.files().is_empty(), "{:?}", house.files());
    assert!(house.open().installed().is_empty());
}

#[tokio::test]
async fn a_spoilt_part_of_an_earlier_download_is_thrown_away_and_all_fetched_anew() {
    let bytes = content(SIZE);
    let server = Server::with_file(bytes.clone()).await;
    let house = House::with_file(&server.url(), &bytes);
    std::fs::create_dir_all(house.config.folder.join("test")).unwrap();
    std::fs::write(house.path("m.bin.part"), vec![7; 1000]).unwrap();
    std::fs::write(house.path("m.bin.part.json"), format!("{{\"sha256\": \"{}\"}}", sha256(&bytes))).unwrap();
    house.download().await.unwrap();
    let from: Vec<_> = server.requests().iter().map(support::Request::range_from).collect();
    assert_eq!(from, [Some(1000), None]);
    assert_eq!(std::fs::read(house.path("m.bin")).unwrap(), bytes);
}

#[tokio::test]
async fn a_complete_part_needs_no_more_bytes() {
    let bytes = content(1000);
    let server = Server::with_file(bytes.clone()).await;
    let house = House::with_file(&server.url(), &bytes);
    std::fs::create_dir_all(house.config.folder.join("test")).unwrap();
    std::fs::write(house.path("m.bin.part"), &bytes).unwrap();
    std::fs::write(house.path("m.bin.part.json"), format!("{{\"sha256\": \"{}\"}}", sha256(&bytes))).unwrap();
    house.download().await.unwrap();
    assert_eq!(house.files(), ["m.bin", "m.bin.json"]);
}

#[tokio::test]
async fn a_server_without_ranges_sends_everything_again() {
    let bytes = content(SIZE);
    let all = bytes.clone();
    let (house, server, result) = against(&bytes, move |_, number| {
        let reply = Reply::file(&all);
        if number == 0 { reply.cut(60_000, Then::Close) } else { reply }
    })
    .await;
    result.unwrap();
    assert_eq!(server.requests().len(), 2);
    assert_eq!(std::fs::read(house.path("m.bin")).unwrap(), bytes);
}

#[tokio::test]
async fn a_range_that_begins_elsewhere_is_not_trusted() {
    let bytes = content(SIZE);
    let all = bytes.clone();
    let (house, _server, result) = against(&bytes, move |request, number| {
        let reply = serve(request, &all, "\"one\"");
        match number {
            0 => reply.cut(60_000, Then::Close),
            1 => reply.with("content-range", &format!("bytes 5-{}/{SIZE}", SIZE - 1)),
            _ => reply,
        }
    })
    .await;
    result.unwrap();
    assert_eq!(std::fs::read(house.path("m.bin")).unwrap(), bytes);
}

#[tokio::test]
async fn a_file_that_changed_on_the_server_is_fetched_from_its_start() {
    let (old, new) =
        (Gguf::model("llama").tensor(0, 9000).build(), Gguf::model("llama").tensor(0, 8000).build());
    let after = new.clone();
    let server = Server::start(move |request, number| match number {
        _ if request.method == "POST" => Reply::status(404),
        0 => serve(request, &old, "\"old\"").cut(20_000, Then::Close),
        _ => serve(request, &after, "\"new\""),
    })
    .await;
    let house = House::with_unknown_file(&server.url(), "m.gguf");
    house.download().await.unwrap();
    assert_eq!(std::fs::read(house.path("m.gguf")).unwrap(), new);
}

#[tokio::test]
async fn two_downloads_of_one_file_at_once_fetch_it_once() {
    let bytes = content(SIZE);
    let server = Server::with_file(bytes.clone()).await;
    let house = House::with_file(&server.url(), &bytes);
    // Two stores, as two processes would have.
    let (one, two) = (house.open(), house.open());
    let (id, cancel) = (model(), CancellationToken::new());
    let (a, b) = tokio::join!(one.download(&id, &cancel, silent()), two.download(&id, &cancel, silent()));
    assert_eq!(a.unwrap(), b.unwrap());
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn without_a_published_hash_the_hubs_own_is_asked_for_checked_and_kept() {
    let bytes = Gguf::model("llama").build();
    for (hash, right) in [(sha256(&bytes), true), (sha256(b"other"), false)] {
        let (all, stated) = (bytes.clone(), hash.clone());
        let server = Server::start(move |request, _| match request.method.as_str() {
            "POST" => Reply::json(&serde_json::json!([
                { "path": "dir/m.gguf", "size": all.len(), "oid": "x", "lfs": { "oid": stated, "size": all.len() } }
            ])),
            _ => serve(request, &all, "\"one\""),
        })
        .await;
        let house = House::with_unknown_file(&server.url(), "m.gguf");
        match house.download().await {
            Ok(_) => {
                let text = std::fs::read_to_string(house.path("m.gguf.json")).unwrap();
                assert!(right && text.contains("against-hub") && text.contains(&hash), "{text}");
            }
            Err(error) => assert!(!right && matches!(error, DownloadError::WrongHash { .. }), "{error}"),
        }
        assert_eq!(house.path("m.gguf").exists(), right);
        assert!(server.requests().iter().any(|r| r.path == "/api/models/org/repo/paths-info/main"));
    }
}

#[tokio::test]
async fn without_any_hash_a_truncated_model_is_still_refused() {
    let mut bytes = Gguf::model("llama").build();
    bytes.truncate(bytes.len() - 10);
    let server = Server::start(move |request, _| match request.method.as_str() {
        "POST" => Reply::status(404),
        _ => Reply::file(&bytes),
    })
    .await;
    let house = House::with_unknown_file(&server.url(), "m.gguf");
    let error = house.download().await.unwrap_err();
    assert!(matches!(error, DownloadError::Nonsense { .. }), "{error}");
    assert!(house.files().is_empty(), "{:?}", house.files());
}
