//! Commands over HTTP.

use api::{ApiError, ErrorCode, dispatch};
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::Shared;

/// The largest request, in bytes: an import of many conversations.
pub(super) const LARGEST: usize = 64 << 20;

/// A caller who knows the token. Looked at before the body is read, which may be large.
pub(super) struct Known;

impl FromRequestParts<Shared> for Known {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Response> {
        if shared.token.is_in(&parts.headers) {
            return Ok(Self);
        }
        let words = "The token is missing or wrong. Use the address that hark serve printed.";
        Err(refusal(StatusCode::UNAUTHORIZED, &ApiError::new(ErrorCode::Other, words)).into_response())
    }
}

pub(super) async fn call(
    _: Known,
    State(shared): State<Shared>,
    Path(name): Path<String>,
    args: Result<Json<Value>, JsonRejection>,
) -> Response {
    let args = match args {
        Ok(Json(args)) => args,
        Err(rejection) => {
            // Its words tell what is wrong with the form, and nothing of the content.
            let error = ApiError::new(
                ErrorCode::BadRequest,
                format!("The call “{name}” cannot be read: {}", rejection.body_text()),
            );
            return refusal(rejection.status(), &error).into_response();
        }
    };
    match dispatch(&shared.app, &name, args).await {
        Ok(reply) => Json(reply).into_response(),
        Err(error) => refusal(status(error.code), &error).into_response(),
    }
}

pub(super) async fn nothing_here() -> Response {
    let error = ApiError::new(ErrorCode::NotFound, "There is nothing at this address.");
    refusal(StatusCode::NOT_FOUND, &error).into_response()
}

/// An error as a caller gets it.
pub(super) fn refusal(status: StatusCode, error: &ApiError) -> impl IntoResponse {
    (status, Json(error.clone()))
}

/// For programs that look at the status alone; the code in the body is the finer word.
fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::BadRequest | ErrorCode::CannotSee => StatusCode::BAD_REQUEST,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::NoModel | ErrorCode::BadModel | ErrorCode::Cancelled | ErrorCode::NewerVersion => {
            StatusCode::CONFLICT
        }
        ErrorCode::PromptTooLong => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::Settings => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorCode::Server | ErrorCode::Network => StatusCode::BAD_GATEWAY,
        ErrorCode::OutOfMemory
        | ErrorCode::EngineGone
        | ErrorCode::EngineDegraded
        | ErrorCode::EngineMissing
        | ErrorCode::Sound => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
        ErrorCode::ReadOnly | ErrorCode::Other => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
