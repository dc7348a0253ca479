//! Where servers' keys are kept: the system's keyring (Keychain, Credential Manager, Secret Service), and where there
//! is none, memory.
//!
//! What always holds: a key is never written to a file of ours; no call blocks the async runtime (keyrings are asked
//! on a thread of their own, because they may ask the user for a password); a key that was set is there until the
//! program ends, whatever the keyring did.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use keyring_core::{CredentialStore, Entry, Error};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tracing::debug;

use crate::secret::Secret;

/// Under which the keys stand in the keyring; a user can find them there.
const SERVICE: &str = "Hark";

/// Long enough for a user to type the keyring's password.
const PATIENCE: Duration = Duration::from_mins(2);

/// A server in the settings.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerId(String);

impl ServerId {
    /// The id as it stands in the settings.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }
}

/// Why the keyring could not be used. Each sentence stands beside a key that works in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyringTrouble {
    /// There is no keyring service.
    #[error(
        "This system has no keyring service, so the key is kept only for this run. With GNOME Keyring or KWallet installed it is kept for good."
    )]
    Absent,
    /// The keyring is locked and was not unlocked.
    #[error(
        "The keyring is locked, so the key is kept only for this run. Unlock it and enter the key again to keep it for good."
    )]
    Locked,
    /// The keyring did not answer.
    #[error(
        "The keyring did not answer, so the key is kept only for this run. Enter the key again later to keep it for good."
    )]
    Silent,
    /// The keyring failed in another way.
    #[error(
        "The keyring failed, so the key is kept only for this run. Enter the key again later to keep it for good."
    )]
    Failed,
}

/// Where a key was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// In the system's keyring.
    InKeyring,
    /// In memory, for the reason given.
    ThisRun(KeyringTrouble),
}

type Open = dyn Fn() -> Result<Arc<CredentialStore>, Error> + Send + Sync;

/// The keys of all servers. Cheap to clone; clones share the keys.
#[derive(Clone)]
pub struct Keys {
    open: Arc<Open>,
    /// Keys that the keyring did not take; looked at first. A mutex because clones share it; held for one look.
    memory: Arc<Mutex<HashMap<ServerId, Secret>>>,
    patience: Duration,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(..)")
    }
}

impl Keys {
    /// Keys in this system's keyring. It is opened at the first use.
    pub fn system() -> Self {
        Self::opened_by(|| {
            if keyring::Entry::store_status().is_err() {
                return Err(Error::NoDefaultStore);
            }
            keyring_core::get_default_store().ok_or(Error::NoDefaultStore)
        })
    }

    /// Keys in memory alone, for tests and for those who want no keyring.
    pub fn in_memory() -> Self {
        Self::opened_by(|| Err(Error::NoDefaultStore))
    }

    fn opened_by(open: impl Fn() -> Result<Arc<CredentialStore>, Error> + Send + Sync + 'static) -> Self {
        Self { open: Arc::new(open), memory: Arc::default(), patience: PATIENCE }
    }

    /// Keeps a server's key. Never fails: what the keyring does not take is kept for this run.
    pub async fn set(&self, server: &ServerId, key: &Secret) -> Kept {
        // First of all, so that the key works while the keyring still waits for its password.
        self.memory().insert(server.clone(), key.clone());
        let secret = key.clone();
        match self.ask(server, move |entry| entry.set_password(secret.expose())).await {
            Ok(()) => {
                self.memory().remove(server);
                Kept::InKeyring
            }
            Err(trouble) => Kept::ThisRun(trouble),
        }
    }

    /// A server's key; `None` if there is none.
    ///
    /// # Errors
    /// When there is a keyring, but it does not give what it may hold. A system without one has no key.
    pub async fn get(&self, server: &ServerId) -> Result<Option<Secret>, KeyringTrouble> {
        let remembered = self.memory().get(server).cloned();
        if remembered.is_some() {
            return Ok(remembered);
        }
        match self.ask(server, |entry| absent_is_none(entry.get_password())).await {
            Err(KeyringTrouble::Absent) => Ok(None),
            found => Ok(found?.map(Secret::new)),
        }
    }

    /// Forgets a server's key.
    ///
    /// # Errors
    /// When there is a keyring and the key may still stand in it.
    pub async fn delete(&self, server: &ServerId) -> Result<(), KeyringTrouble> {
        self.memory().remove(server);
        match self.ask(server, |entry| absent_is_none(entry.delete_credential())).await {
            Ok(_) | Err(KeyringTrouble::Absent) => Ok(()),
            Err(trouble) => Err(trouble),
        }
    }

    /// Whether keys can be kept for good.
    ///
    /// # Errors
    /// Why they cannot.
    pub async fn check(&self) -> Result<(), KeyringTrouble> {
        let nobody = ServerId::new("hark doctor");
        self.ask(&nobody, |entry| absent_is_none(entry.get_password())).await.map(drop)
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, HashMap<ServerId, Secret>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the keyring on a thread of its own. A keyring that hangs keeps that thread and nothing else: neither the
    /// runtime nor the program's end waits for it.
    async fn ask<T: Send + 'static>(
        &self,
        server: &ServerId,
        question: impl FnOnce(&Entry) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, KeyringTrouble> {
        let (open, id) = (self.open.clone(), server.0.clone());
        let (answer, answered) = oneshot::channel();
        let thread = std::thread::Builder::new().name("keyring".into()).spawn(move || {
            let result = match open().and_then(|store| store.build(SERVICE, &id, None)) {
                Ok(entry) => question(&entry).map_err(|error| trouble(&error)),
                Err(_) => Err(KeyringTrouble::Absent),
            };
            let _ = answer.send(result);
        });
        if thread.is_err() {
            return Err(KeyringTrouble::Failed);
        }
        let result = match timeout(self.patience, answered).await {
            Ok(result) => result.unwrap_or(Err(KeyringTrouble::Failed)),
            Err(_) => Err(KeyringTrouble::Silent),
        };
        if let Err(trouble) = &result {
            debug!(?trouble, "the keyring was of no use");
        }
        result
    }
}

fn absent_is_none<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(error),
    }
}

fn trouble(error: &Error) -> KeyringTrouble {
    match error {
        Error::NoStorageAccess(_) => KeyringTrouble::Locked,
        Error::NoDefaultStore => KeyringTrouble::Absent,
        _ => KeyringTrouble::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyring_core::mock;

    fn with_mock() -> (Keys, Arc<CredentialStore>) {
        let store: Arc<CredentialStore> = mock::Store::new().unwrap();
        let given = store.clone();
        (Keys::opened_by(move || Ok(given.clone())), store)
    }

    /// Makes the next use of the key's entry fail.
    fn fail_next(store: &Arc<CredentialStore>, id: &str, error: Error) {
        let entry = store.build(SERVICE, id, None).unwrap();
        entry.as_any().downcast_ref::<mock::Cred>().unwrap().set_error(error);
    }

    fn locked() -> Error {
        Error::NoStorageAccess(Box::new(std::io::Error::other("locked")))
    }

    #[tokio::test]
    async fn whether_there_is_a_keyring_can_be_asked() {
        assert_eq!(with_mock().0.check().await, Ok(()));
        assert_eq!(Keys::in_memory().check().await, Err(KeyringTrouble::Absent));
    }

    #[tokio::test]
    async fn a_key_is_kept_in_the_keyring() {
        let (keys, store) = with_mock();
        let (one, other) = (ServerId::new("one"), ServerId::new("other"));
        assert_eq!(keys.get(&one).await, Ok(None));
        assert_eq!(keys.set(&one, &Secret::new("k1")).await, Kept::InKeyring);
        assert!(keys.memory().is_empty());
        assert_eq!(keys.get(&one).await, Ok(Some(Secret::new("k1"))));
        assert_eq!(keys.get(&other).await, Ok(None));
        assert_eq!(store.build(SERVICE, "one", None).unwrap().get_password().unwrap(), "k1");
        assert_eq!(keys.delete(&one).await, Ok(()));
        assert_eq!(keys.delete(&one).await, Ok(()));
        assert_eq!(keys.get(&one).await, Ok(None));
    }

    #[tokio::test]
    async fn without_a_keyring_a_key_is_kept_for_this_run_and_that_is_said() {
        let keys = Keys::in_memory();
        let id = ServerId::new("one");
        let Kept::ThisRun(trouble) = keys.set(&id, &Secret::new("k1")).await else { panic!() };
        assert_eq!(trouble, KeyringTrouble::Absent);
        assert!(trouble.to_string().contains("kept only for this run"));
        assert_eq!(keys.clone().get(&id).await, Ok(Some(Secret::new("k1"))));
        assert_eq!(keys.delete(&id).await, Ok(()));
        assert_eq!(keys.get(&id).await, Ok(None));
    }

    #[tokio::test]
    async fn a_locked_keyring_loses_no_key() {
        let (keys, store) = with_mock();
        let id = ServerId::new("one");
        assert_eq!(keys.set(&id, &Secret::new("old")).await, Kept::InKeyring);
        fail_next(&store, "one", locked());
        assert_eq!(keys.set(&id, &Secret::new("new")).await, Kept::ThisRun(KeyringTrouble::Locked));
        assert_eq!(keys.get(&id).await, Ok(Some(Secret::new("new"))));
        fail_next(&store, "one", locked());
        assert_eq!(keys.delete(&id).await, Err(KeyringTrouble::Locked));
        fail_next(&store, "one", Error::BadStoreFormat(String::new()));
        assert_eq!(keys.get(&id).await, Err(KeyringTrouble::Failed));
    }

    #[tokio::test]
    async fn a_keyring_that_hangs_holds_nothing_up() {
        let (_never, gate) = std::sync::mpsc::channel::<()>();
        let gate = Mutex::new(gate);
        let mut keys = Keys::opened_by(move || {
            let _ = gate.lock().map(|gate| gate.recv());
            Err(Error::NoDefaultStore)
        });
        keys.patience = Duration::from_millis(10);
        let id = ServerId::new("one");
        assert_eq!(keys.set(&id, &Secret::new("k1")).await, Kept::ThisRun(KeyringTrouble::Silent));
        assert_eq!(keys.get(&id).await, Ok(Some(Secret::new("k1"))));
    }

    /// Needs an unlocked keyring, which a bus and a home of its own give it: `HOME=$(mktemp -d) dbus-run-session -- sh
    /// -c 'echo -n x | gnome-keyring-daemon --unlock --components=secrets; PROGRAM --ignored real_keyring'`, where
    /// PROGRAM is what `cargo test -p remote --lib --no-run` names.
    #[tokio::test]
    #[ignore = "needs a running keyring service"]
    async fn real_keyring() {
        let keys = Keys::system();
        let id = ServerId::new(format!("hark-test-{}", std::process::id()));
        assert_eq!(keys.set(&id, &Secret::new("k-ü")).await, Kept::InKeyring);
        assert_eq!(Keys::system().get(&id).await, Ok(Some(Secret::new("k-ü"))));
        assert_eq!(keys.delete(&id).await, Ok(()));
        assert_eq!(keys.get(&id).await, Ok(None));
    }
}
