//! What the tests of the store share: a scriptable HTTP server, a store beside it, and tiny GGUF files.
#![allow(dead_code, reason = "every test file uses another part of this")]
#![allow(missing_docs, unreachable_pub)]

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use model_store::{
    Disk, DownloadError, InstalledModel, ModelId, ModelStore, Patience, Progress, ProgressSink, Proxy,
    RealDisk, StoreConfig, Token,
};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// A request that arrived.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// The first byte of `Range: bytes=N-`.
    pub fn range_from(&self) -> Option<usize> {
        self.header("range")?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
    }
}

/// What happens after the body's bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Then {
    Close,
    Hang,
    /// Not even a head is sent.
    Silent,
}

/// An answer, written to the socket exactly as it stands.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub then: Then,
}

impl Reply {
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), then: Then::Close }.with("content-length", "0")
    }

    /// A whole file with its length.
    pub fn file(bytes: &[u8]) -> Self {
        let mut reply = Self::status(200);
        reply.body = bytes.to_vec();
        reply.with("content-length", &bytes.len().to_string())
    }

    pub fn json(value: &serde_json::Value) -> Self {
        Self::file(value.to_string().as_bytes()).with("content-type", "application/json")
    }

    /// Sets a header.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(n, _)| n != name);
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(n, _)| n != name);
        self
    }

    /// Sends only the first `count` bytes of the body.
    pub fn cut(mut self, count: usize, then: Then) -> Self {
        self.body.truncate(count);
        self.then = then;
        self
    }
}

/// Answers as a good server does: ranges, entity tags.
pub fn serve(request: &Request, bytes: &[u8], etag: &str) -> Reply {
    let same = request.header("if-range").is_none_or(|tag| tag == etag);
    match request.range_from().filter(|_| same) {
        Some(from) if from >= bytes.len() => Reply::status(416),
        Some(from) => {
            let mut reply = Reply::file(&bytes[from..]).with("etag", etag);
            reply.status = 206;
            reply.with("content-range", &format!("bytes {from}-{}/{}", bytes.len() - 1, bytes.len()))
        }
        None => Reply::file(bytes).with("etag", etag),
    }
}

/// An HTTP server on loopback; `answer` gets every request and its number, from 0.
pub struct Server {
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub async fn start(answer: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (Arc::clone(&requests), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                tokio::spawn(async move {
                    let _ = converse(stream, &seen, answer.as_ref()).await;
                });
            }
        });
        Self { address, requests }
    }

    /// A good hub that has one file, whatever its name.
    pub async fn with_file(bytes: Vec<u8>) -> Self {
        Self::start(move |request, _| serve(request, &bytes, "\"one\"")).await
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

async fn converse(
    stream: TcpStream,
    seen: &Mutex<Vec<Request>>,
    answer: &(dyn Fn(&Request, usize) -> Reply + Send + Sync),
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let mut words = line.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = Vec::new();
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        match line.trim().split_once(": ") {
            Some((name, value)) => headers.push((name.to_owned(), value.to_owned())),
            None => break,
        }
    }
    let request = Request { method, path, headers };
    let length = request.header("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
    stream.read_exact(&mut vec![0; length]).await?;
    let number = {
        let mut seen = seen.lock().unwrap();
        seen.push(request.clone());
        seen.len() - 1
    };
    let reply = answer(&request, number);
    if reply.then == Then::Silent {
        std::future::pending::<()>().await;
    }
    let mut head = format!("HTTP/1.1 {} Test\r\nconnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&reply.body).await?;
    stream.flush().await?;
    if reply.then == Then::Hang {
        std::future::pending::<()>().await;
    }
    stream.shutdown().await
}

/// Bytes that do not repeat.
pub fn content(length: usize) -> Vec<u8> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}

pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The address of nobody: a port that was free a moment ago.
pub async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// A store in a temporary folder, before it is opened.
pub struct House {
    pub folder: TempDir,
    pub config: StoreConfig,
    pub disk: Arc<dyn Disk>,
}

/// The model of the tests' own catalogue.
pub fn model() -> ModelId {
    "test".parse().unwrap()
}

impl House {
    /// A house whose catalogue has the model `test` with these `[[model.files]]`, and whose hub is `endpoint`.
    pub fn new(endpoint: &str, files: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let catalogue = folder.path().join("catalog.toml");
        let head = "[[model]]\nid = \"test\"\nname = \"Test\"\ntask = \"chat\"\nabilities = [\"text\", \"image\"]\n\
                    licence = { spdx = \"MIT\", link = \"https://example.org\" }\n";
        std::fs::write(&catalogue, format!("{head}{files}")).unwrap();
        let config = StoreConfig {
            own_catalogue: Some(catalogue),
            endpoints: vec![endpoint.to_owned()],
            proxy: Proxy::Direct,
            keep_free: 0,
            patience: Patience {
                attempts: 3,
                first_wait: Duration::from_millis(1),
                longest_wait: Duration::from_millis(50),
                poll: Duration::from_millis(5),
                ..Patience::default()
            },
            ..StoreConfig::bare(folder.path().join("models"))
        };
        Self { folder, config, disk: Arc::new(RealDisk) }
    }

    /// A house whose model is one file on the hub, with size and hash of `bytes` in the catalogue.
    pub fn with_file(endpoint: &str, bytes: &[u8]) -> Self {
        let stated = format!("size = {}\nsha256 = \"{}\"", bytes.len(), sha256(bytes));
        Self::new(endpoint, &hub_file("weights", "m.bin", &stated))
    }

    /// The same, but nobody states size and hash.
    pub fn with_unknown_file(endpoint: &str, name: &str) -> Self {
        Self::new(endpoint, &hub_file("weights", name, ""))
    }

    pub fn token(mut self, token: &str) -> Self {
        self.config.token = Token::new(token);
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.config.folder.join("test").join(name)
    }

    pub fn open(&self) -> ModelStore {
        ModelStore::open_on(self.config.clone(), Arc::clone(&self.disk)).unwrap()
    }

    pub async fn download(&self) -> Result<InstalledModel, DownloadError> {
        self.open().download(&model(), &CancellationToken::new(), silent()).await
    }

    /// Names of the files in the model's folder, sorted.
    pub fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.config.folder.join("test")).into_iter().flatten().flatten();
        let mut names: Vec<_> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

/// A `[[model.files]]` of the hub repository `org/repo`.
pub fn hub_file(role: &str, name: &str, stated: &str) -> String {
    format!(
        "[[model.files]]\nrole = \"{role}\"\nname = \"{name}\"\n{stated}\nsources = \
         [{{ kind = \"hub\", repo = \"org/repo\", revision = \"main\", path = \"dir/{name}\" }}]\n"
    )
}

pub fn silent() -> ProgressSink {
    Arc::new(|_| {})
}

/// A sink that keeps what it gets.
pub fn listening() -> (ProgressSink, Arc<Mutex<Vec<Progress>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    (Arc::new(move |progress| sink.lock().unwrap().push(progress)), seen)
}

/// A GGUF file being put together.
#[derive(Debug, Clone, Default)]
pub struct Gguf {
    entries: Vec<u8>,
    count: u64,
    tensors: Vec<(u32, u64)>,
}

impl Gguf {
    pub fn model(architecture: &str) -> Self {
        Self::default().text("general.architecture", architecture).tensor(0, 64)
    }

    fn entry(mut self, key: &str, kind: u32, value: &[u8]) -> Self {
        self.entries.extend((key.len() as u64).to_le_bytes());
        self.entries.extend(key.as_bytes());
        self.entries.extend(kind.to_le_bytes());
        self.entries.extend(value);
        self.count += 1;
        self
    }

    pub fn text(self, key: &str, value: &str) -> Self {
        let mut bytes = (value.len() as u64).to_le_bytes().to_vec();
        bytes.extend(value.as_bytes());
        self.entry(key, 8, &bytes)
    }

    pub fn number(self, key: &str, value: u32) -> Self {
        self.entry(key, 4, &value.to_le_bytes())
    }

    pub fn flag(self, key: &str, value: bool) -> Self {
        self.entry(key, 7, &[u8::from(value)])
    }

    pub fn numbers(self, key: &str, values: &[u32]) -> Self {
        let mut bytes = 4_u32.to_le_bytes().to_vec();
        bytes.extend((values.len() as u64).to_le_bytes());
        bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
        self.entry(key, 9, &bytes)
    }

    pub fn texts(self, key: &str, values: &[&str]) -> Self {
        let mut bytes = 8_u32.to_le_bytes().to_vec();
        bytes.extend((values.len() as u64).to_le_bytes());
        for value in values {
            bytes.extend((value.len() as u64).to_le_bytes());
            bytes.extend(value.as_bytes());
        }
        self.entry(key, 9, &bytes)
    }

    /// A value given as raw bytes, for nonsense.
    pub fn raw(self, key: &str, kind: u32, value: &[u8]) -> Self {
        self.entry(key, kind, value)
    }

    /// A tensor of `weights` weights of ggml type `kind` (0: F32).
    pub fn tensor(mut self, kind: u32, weights: u64) -> Self {
        self.tensors.push((kind, weights));
        self
    }

    /// The whole file; every tensor is zeros. Only types of 4 bytes a weight are laid out rightly.
    pub fn build(&self) -> Vec<u8> {
        let mut file = b"GGUF".to_vec();
        file.extend(3_u32.to_le_bytes());
        file.extend((self.tensors.len() as u64).to_le_bytes());
        file.extend(self.count.to_le_bytes());
        file.extend(&self.entries);
        let mut offset = 0_u64;
        for (kind, weights) in &self.tensors {
            file.extend(1_u64.to_le_bytes());
            file.extend(b"t");
            file.extend(1_u32.to_le_bytes());
            file.extend(weights.to_le_bytes());
            file.extend(kind.to_le_bytes());
            file.extend(offset.to_le_bytes());
            offset += (weights * 4).next_multiple_of(32);
        }
        file.resize(file.len().next_multiple_of(32), 0);
        file.resize(file.len() + usize::try_from(offset).unwrap(), 0);
        file
    }

    pub fn write(&self, path: &Path) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, self.build()).unwrap();
    }
}
