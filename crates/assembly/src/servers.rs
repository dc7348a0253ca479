//! The user's own servers, through `remote`.

use std::collections::HashMap;
use std::sync::Arc;

use api::{ApiError, ErrorCode, ServerAddress, ServerReport, Servers};
use async_trait::async_trait;
use engine::LanguageModel;
use remote::keys::{Kept, Keys, ServerId};
use remote::{Endpoint, RemoteModel, Secret, probe};
use tokio::sync::Mutex;

/// Servers, their keys, and the models that were used in this run.
pub(crate) struct RemoteServers {
    keys: Keys,
    // What a model has learnt of its server (fields it refuses, its context) is worth keeping between replies. A mutex
    // because several conversations may use it at once; held for a look-up or an insertion.
    models: Mutex<HashMap<String, (Endpoint, Arc<RemoteModel>)>>,
}

impl RemoteServers {
    pub(crate) fn new() -> Self {
        Self { keys: Keys::system(), models: Mutex::default() }
    }

    async fn key(&self, id: &str) -> Result<Option<Secret>, ApiError> {
        let key = self.keys.get(&ServerId::new(id)).await;
        key.map_err(|trouble| ApiError::new(ErrorCode::Server, trouble.to_string()))
    }
}

#[async_trait]
impl Servers for RemoteServers {
    async fn language_model(&self, server: &ServerAddress) -> Result<Arc<dyn LanguageModel>, ApiError> {
        let endpoint = Endpoint {
            base_url: server.base_url.clone(),
            model: server.model.clone(),
            api_key: self.key(&server.id).await?,
            context_tokens: server.context_tokens,
        };
        let mut models = self.models.lock().await;
        if let Some((known, model)) = models.get(&server.id)
            && *known == endpoint
        {
            return Ok(model.clone());
        }
        let model = Arc::new(RemoteModel::new(endpoint.clone())?);
        models.insert(server.id.clone(), (endpoint, model.clone()));
        Ok(model)
    }

    async fn probe(
        &self,
        base_url: &str,
        id: Option<&str>,
        key: Option<&str>,
    ) -> Result<ServerReport, ApiError> {
        let api_key = match (key.filter(|key| !key.is_empty()), id) {
            (Some(key), _) => Some(Secret::new(key)),
            (None, Some(id)) => self.key(id).await?,
            (None, None) => None,
        };
        let endpoint =
            Endpoint { base_url: base_url.to_owned(), model: String::new(), api_key, context_tokens: None };
        let info = probe(&endpoint).await?;
        Ok(ServerReport { models: info.models, kind: info.kind.name().to_owned() })
    }

    async fn has_key(&self, id: &str) -> bool {
        matches!(self.keys.get(&ServerId::new(id)).await, Ok(Some(_)))
    }

    async fn keep_key(&self, id: &str, key: &str) -> Result<Option<String>, ApiError> {
        let id = ServerId::new(id);
        if key.is_empty() {
            let deleted = self.keys.delete(&id).await;
            return deleted
                .map(|()| None)
                .map_err(|trouble| ApiError::new(ErrorCode::Server, trouble.to_string()));
        }
        Ok(match self.keys.set(&id, &Secret::new(key)).await {
            Kept::InKeyring => None,
            Kept::ThisRun(trouble) => Some(trouble.to_string()),
        })
    }
}
