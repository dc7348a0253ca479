//! Fetching one file from the hub: resume, watchdog, retries, checksum.
//!
//! Always holds: bytes go to `NAME.part` only; what is kept of an earlier attempt is read again into the checksum;
//! a file whose checksum is wrong is removed, never published. Runs under the [`FileLock`] of its target.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::config::Patience;
use crate::disk::{Disk, Prefix, part_of, publish, remove_if_there};
use crate::error::{DiskError, DownloadError};
use crate::gguf;
use crate::hub::{Answer, Body, Endpoint, Failure, Resume};
use crate::lock::FileLock;
use crate::progress::{Meter, Stage};
use crate::record::{Checked, FileRecord, PartRecord};
use crate::store::is_gguf;
use crate::writer::Writer;

/// One file that is wanted.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// Where it shall be.
    pub(crate) target: PathBuf,
    /// Its name for people.
    pub(crate) name: String,
    /// Bytes, where published.
    pub(crate) size: Option<u64>,
    /// SHA-256, where published.
    pub(crate) sha256: Option<String>,
    pub(crate) repo: String,
    pub(crate) revision: String,
    pub(crate) path: String,
}

/// What a fetch works with.
pub(crate) struct Fetch<'a> {
    pub(crate) wanted: &'a Wanted,
    pub(crate) patience: &'a Patience,
    pub(crate) keep_free: u64,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) cancel: &'a CancellationToken,
    pub(crate) lock: Arc<FileLock>,
}

/// What is there of the file, and what it is going to be.
struct State {
    prefix: Prefix,
    part: PartRecord,
    /// Bytes kept from before this fetch; a wrong checksum is then worth a second try from the start.
    resumed: u64,
    /// Bytes that came in this fetch.
    received: u64,
}

impl State {
    fn restart(&mut self) {
        self.prefix = Prefix::default();
        self.part.etag = None;
        self.resumed = 0;
    }
}

impl Fetch<'_> {
    /// Fetches from the first endpoint that has the file, checks it and publishes it.
    pub(crate) async fn run(
        &self,
        endpoints: &[Endpoint],
        meter: &mut Meter,
    ) -> Result<FileRecord, DownloadError> {
        let mut state = self.resume(meter).await?;
        let mut first_error = None;
        for endpoint in endpoints {
            match self.try_endpoint(endpoint, &mut state, meter).await {
                Ok(record) => return Ok(record),
                Err(error @ (DownloadError::Cancelled | DownloadError::Disk(_))) => return Err(error),
                Err(error) => {
                    tracing::info!(host = endpoint.host(), %error, "a download failed here");
                    first_error.get_or_insert(error);
                }
            }
        }
        Err(first_error.unwrap_or_else(|| DownloadError::Unreachable { host: "The hub".into() }))
    }

    /// What an earlier fetch left, if it is of the same file.
    async fn resume(&self, meter: &mut Meter) -> Result<State, DownloadError> {
        let part = part_of(&self.wanted.target);
        let record = PartRecord::of(&self.wanted.target).unwrap_or_default();
        let same = match (&self.wanted.sha256, &record.sha256) {
            (Some(wanted), Some(begun)) => wanted == begun,
            // Without a hash on either side the entity tag must vouch for the rest.
            (None, None) => record.etag.is_some(),
            _ => true,
        };
        let mut prefix = Prefix::default();
        if same && part.exists() {
            meter.stage(Stage::Checking);
            let (cancel, path) = (self.cancel.clone(), part.clone());
            let read =
                tokio::task::spawn_blocking(move || Prefix::of_file(&path, || cancel.is_cancelled())).await;
            prefix = match read {
                Ok(Ok(prefix)) => prefix,
                Ok(Err(error)) => return Err(DiskError::at(&part, error).into()),
                Err(error) => return Err(DiskError::at(&part, std::io::Error::other(error)).into()),
            };
            if self.cancel.is_cancelled() {
                return Err(DownloadError::Cancelled);
            }
        }
        if self.wanted.size.is_some_and(|size| prefix.length > size) {
            prefix = Prefix::default();
        }
        let part = if prefix.length > 0 { record } else { PartRecord::default() };
        Ok(State { resumed: prefix.length, prefix, part, received: 0 })
    }

    async fn try_endpoint(
        &self,
        endpoint: &Endpoint,
        state: &mut State,
        meter: &mut Meter,
    ) -> Result<FileRecord, DownloadError> {
        let mut in_vain = 0;
        for _ in 0..self.patience.attempts_in_all {
            let before = state.received;
            let (error, wait) = match self.attempt(endpoint, state, meter).await {
                Ok(record) => return Ok(record),
                Err(Failure::Final(error)) => return Err(error),
                // The first time it is news for the user; after bytes have come it is one more interruption.
                Err(Failure::NoAnswer(error)) if state.received == 0 => return Err(error),
                Err(Failure::NoAnswer(error)) => (error, None),
                Err(Failure::Again { error, wait }) => (error, wait),
            };
            in_vain = if state.received > before { 1 } else { in_vain + 1 };
            if in_vain >= self.patience.attempts || wait.is_some_and(|wait| wait > self.patience.longest_wait)
            {
                return Err(error);
            }
            meter.stage(Stage::Retrying);
            self.pause(wait.unwrap_or_else(|| self.patience.wait_before(in_vain))).await?;
        }
        Err(DownloadError::Broken { host: endpoint.host() })
    }

    async fn pause(&self, wait: Duration) -> Result<(), DownloadError> {
        tokio::select! {
            () = self.cancel.cancelled() => Err(DownloadError::Cancelled),
            () = tokio::time::sleep(wait) => Ok(()),
        }
    }

    /// One request, until the file is complete or the connection ends.
    async fn attempt(
        &self,
        endpoint: &Endpoint,
        state: &mut State,
        meter: &mut Meter,
    ) -> Result<FileRecord, Failure> {
        let wanted = self.wanted;
        let url = endpoint.address(&wanted.repo, &wanted.revision, &wanted.path);
        let resume = (state.prefix.length > 0)
            .then(|| Resume { from: state.prefix.length, etag: state.part.etag.clone() });
        let from = url.to_string();
        let mut answer = tokio::select! {
            () = self.cancel.cancelled() => return Err(DownloadError::Cancelled.into()),
            answer = endpoint.open(url, resume.as_ref()) => answer?,
        };
        self.complete_identity(endpoint, &mut answer).await?;
        self.check_identity(endpoint, &answer, state)?;
        match answer.body {
            Body::Whole => state.restart(),
            Body::From(at) if at == state.prefix.length => {}
            Body::Nothing if Some(state.prefix.length) == state.part.size => {
                return self.finish(endpoint, state, meter, from);
            }
            Body::From(_) | Body::Nothing => {
                state.restart();
                return Err(endpoint.broken());
            }
        }
        state.part.etag = answer.file.etag.clone().or(state.part.etag.take());
        if let Some(size) = state.part.size {
            meter.learn(size);
        }
        self.check_space(state)?;
        state.part.write(&wanted.target).map_err(DownloadError::from)?;
        meter.stage(Stage::Downloading);
        self.receive(endpoint, answer, state, meter).await?;
        match state.part.size {
            Some(size) if state.prefix.length < size => Err(endpoint.broken()),
            _ => self.finish(endpoint, state, meter, from),
        }
    }

    /// Where neither the catalogue nor the headers state a hash, the file interface may.
    async fn complete_identity(&self, endpoint: &Endpoint, answer: &mut Answer) -> Result<(), Failure> {
        if self.wanted.sha256.is_some() || answer.file.sha256.is_some() {
            return Ok(());
        }
        let Wanted { repo, revision, path, .. } = self.wanted;
        let info = tokio::select! {
            () = self.cancel.cancelled() => return Err(DownloadError::Cancelled.into()),
            info = endpoint.info(repo, revision, path) => info,
        };
        match info {
            Ok(info) => {
                answer.file.sha256 = info.sha256;
                answer.file.size = info.size.or(answer.file.size);
            }
            // A plain mirror has no such interface. Then size and header are all there is to check.
            Err(Failure::Final(error)) => tracing::debug!(%error, "the hub's file interface does not answer"),
            Err(failure) => return Err(failure),
        }
        Ok(())
    }

    /// Refuses what is not the wanted file, and drops the part of what is no longer the same file.
    fn check_identity(&self, endpoint: &Endpoint, answer: &Answer, state: &mut State) -> Result<(), Failure> {
        let (name, host) = (self.wanted.name.clone(), endpoint.host());
        if let (Some(expected), Some(offered)) = (self.wanted.size, answer.file.size)
            && expected != offered
        {
            return Err(DownloadError::WrongSize { name, host, expected, offered }.into());
        }
        if let (Some(expected), Some(offered)) = (&self.wanted.sha256, &answer.file.sha256)
            && expected != offered
        {
            return Err(DownloadError::Changed { name, host }.into());
        }
        let hash = self.wanted.sha256.clone().or_else(|| answer.file.sha256.clone());
        let other = state.part.sha256.is_some() && hash.is_some() && state.part.sha256 != hash;
        state.part.sha256 = hash;
        state.part.size = self.wanted.size.or(answer.file.size);
        if other && answer.body != Body::Whole {
            state.restart();
            return Err(endpoint.broken());
        }
        Ok(())
    }

    fn check_space(&self, state: &State) -> Result<(), DownloadError> {
        let Some(size) = state.part.size else { return Ok(()) };
        let folder = self.wanted.target.parent().unwrap_or(Path::new("."));
        room_for(self.disk.as_ref(), folder, size.saturating_sub(state.prefix.length), self.keep_free)?;
        Ok(())
    }

    /// Writes what comes, until it ends.
    async fn receive(
        &self,
        endpoint: &Endpoint,
        answer: Answer,
        state: &mut State,
        meter: &mut Meter,
    ) -> Result<(), Failure> {
        let part = part_of(&self.wanted.target);
        let prefix = std::mem::take(&mut state.prefix);
        let mut there = prefix.length;
        let mut writer = Writer::start(Arc::clone(&self.disk), part, prefix, Arc::clone(&self.lock));
        let mut bytes = answer.response.bytes_stream();
        let ended = loop {
            let chunk = tokio::select! {
                () = self.cancel.cancelled() => break Err(DownloadError::Cancelled.into()),
                chunk = tokio::time::timeout(self.patience.stall, bytes.next()) => chunk,
            };
            let chunk = match chunk {
                Ok(Some(Ok(chunk))) => chunk,
                Ok(Some(Err(_))) => break Err(endpoint.broken()),
                Ok(None) => break Ok(()),
                Err(_) => break Err(endpoint.stalled()),
            };
            let count = chunk.len() as u64;
            if let Some(expected) = state.part.size.filter(|size| there + count > *size) {
                let (name, host) = (self.wanted.name.clone(), endpoint.host());
                let error = DownloadError::WrongSize { name, host, expected, offered: there + count };
                break Err(error.into());
            }
            if writer.write(chunk).await.is_err() {
                break Ok(());
            }
            there += count;
            state.received += count;
            meter.at(there);
        };
        state.prefix = writer.finish().await.map_err(DownloadError::from)?;
        if matches!(&ended, Err(Failure::Final(DownloadError::WrongSize { .. }))) {
            self.discard(state);
        }
        ended
    }

    /// Checks the complete part file and gives it its name.
    fn finish(
        &self,
        endpoint: &Endpoint,
        state: &mut State,
        meter: &mut Meter,
        from: String,
    ) -> Result<FileRecord, Failure> {
        let actual = state.prefix.sha256();
        if let Some(expected) = state.part.sha256.clone().filter(|expected| *expected != actual) {
            let worth_a_try = state.resumed > 0;
            self.discard(state);
            if worth_a_try {
                tracing::info!("what was left of an earlier download did not fit; starting over");
                return Err(endpoint.broken());
            }
            return Err(DownloadError::WrongHash { name: self.wanted.name.clone(), expected, actual }.into());
        }
        let checked = match (&self.wanted.sha256, &state.part.sha256) {
            (Some(_), _) => Checked::AgainstCatalogue,
            (None, Some(_)) => Checked::AgainstHub,
            (None, None) => Checked::SizeOnly,
        };
        let target = &self.wanted.target;
        let part = part_of(target);
        if checked == Checked::SizeOnly
            && is_gguf(target)
            && let Err(error) = gguf::read_header(&part)
        {
            self.discard(state);
            return Err(endpoint.nonsense(&error.to_string()).into());
        }
        let record = FileRecord { size: state.prefix.length, sha256: actual, checked, from };
        record.write(target).map_err(DownloadError::from)?;
        publish(&part, target).map_err(DownloadError::from)?;
        remove_if_there(&PartRecord::place(target));
        meter.at(record.size);
        Ok(record)
    }

    fn discard(&self, state: &mut State) {
        remove_if_there(&part_of(&self.wanted.target));
        remove_if_there(&PartRecord::place(&self.wanted.target));
        state.restart();
    }
}

/// Fails unless `bytes` more fit into `folder` with `reserve` left over.
pub(crate) fn room_for(disk: &dyn Disk, folder: &Path, bytes: u64, reserve: u64) -> Result<(), DiskError> {
    let free = disk.free(folder).map_err(|error| DiskError::at(folder, error))?;
    let needed = bytes.saturating_add(reserve);
    if free < needed && bytes > 0 {
        return Err(DiskError::TooLittleSpace { folder: folder.to_path_buf(), needed, free });
    }
    Ok(())
}

impl Patience {
    /// The wait after `in_vain` attempts without a byte.
    fn wait_before(&self, in_vain: u32) -> Duration {
        self.first_wait.saturating_mul(1 << in_vain.saturating_sub(1).min(16)).min(self.longest_wait)
    }
}
