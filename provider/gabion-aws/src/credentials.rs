//! Credentials of an assumed role, fetched through our own call table and renewed as needed.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, future};
use tokio::sync::Mutex;

use crate::clients::Clients;
use crate::error::Result;
use crate::sts::{Session, SessionRequest};

/// Sessions are renewed when they have less than this left.
const MARGIN: Duration = Duration::from_secs(300);

#[derive(Debug)]
pub(crate) struct RoleCredentials {
    source: Clients,
    request: SessionRequest,
    current: Mutex<Credentials>,
}

impl RoleCredentials {
    /// Assumes the role at once, so that a missing role is told where it is asked for.
    pub(crate) async fn start(source: Clients, request: SessionRequest) -> Result<(Self, Session)> {
        let session = source.sts().assume_role(&request).await?;
        let current = Mutex::new(credentials(&session));
        let this = Self {
            source,
            request,
            current,
        };
        Ok((this, session))
    }

    async fn get(&self) -> provider::Result {
        let mut current = self.current.lock().await;
        let fresh = current
            .expiry()
            .is_some_and(|end| end > SystemTime::now() + MARGIN);
        if !fresh {
            let session = self
                .source
                .sts()
                .assume_role(&self.request)
                .await
                .map_err(CredentialsError::provider_error)?;
            *current = credentials(&session);
        }
        Ok(current.clone())
    }
}

impl ProvideCredentials for RoleCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.get())
    }
}

fn credentials(session: &Session) -> Credentials {
    Credentials::new(
        session.access_key_id.clone(),
        session.secret_access_key.expose(),
        Some(session.session_token.expose().to_owned()),
        Some(SystemTime::from(session.expiration)),
        "assumed role",
    )
}
