//! Clients by account, role and region: made once, shared by all resources.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use aws_credential_types::provider::SharedCredentialsProvider;

use crate::clients::{Clients, Common};
use crate::config::{ProviderSettings, configuration, is_account_id, is_region, partition_of};
use crate::credentials::RoleCredentials;
use crate::error::{AwsError, Kind, Result};
use crate::limiter::Limiter;
use crate::observe::Observer;
use crate::sts::{CallerIdentity, Session, SessionRequest};

/// How long a failed lookup is told again without a new one: a hundred resources must not each wait
/// for the same expired token.
const REMEMBER_FAILURE: Duration = Duration::from_secs(10);

/// A value made by one task while the others wait.
struct Once<T> {
    state: tokio::sync::Mutex<Option<std::result::Result<T, (AwsError, Instant)>>>,
}

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self {
            state: tokio::sync::Mutex::new(None),
        }
    }
}

impl<T: Clone> Once<T> {
    async fn get(&self, make: impl Future<Output = Result<T>>) -> Result<T> {
        let mut state = self.state.lock().await;
        match state.as_ref() {
            Some(Ok(value)) => return Ok(value.clone()),
            Some(Err((error, at))) if at.elapsed() < REMEMBER_FAILURE => return Err(error.clone()),
            _ => {}
        }
        let made = Box::pin(make).await;
        *state = Some(match &made {
            Ok(value) => Ok(value.clone()),
            Err(error) => Err((error.clone(), Instant::now())),
        });
        made
    }
}

/// The provider's own configuration, credentials and identity.
#[derive(Clone)]
struct Base {
    config: SdkConfig,
    caller: CallerIdentity,
    region: String,
}

/// A role in another account.
#[derive(Clone)]
struct Role {
    credentials: SharedCredentialsProvider,
    caller: CallerIdentity,
}

#[derive(Default)]
struct State {
    config: Once<(SdkConfig, String)>,
    base: Once<Base>,
    roles: Mutex<HashMap<String, Arc<Once<Role>>>>,
    clients: Mutex<HashMap<(String, String), Clients>>,
}

/// Hands out [`Clients`] by account and region. Cloning shares everything. Nothing is called
/// before the first request for clients.
#[derive(Clone)]
pub struct ClientPool {
    common: Common,
    state: Arc<State>,
}

impl std::fmt::Debug for ClientPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientPool").finish_non_exhaustive()
    }
}

impl ClientPool {
    /// A pool for one provider configuration. Does nothing yet; see [`ProviderSettings::validate`].
    pub fn new(settings: ProviderSettings) -> Self {
        Self {
            common: Common {
                settings: Arc::new(settings),
                limiter: Arc::new(Limiter::default()),
                observer: None,
            },
            state: Arc::default(),
        }
    }

    /// A pool whose calls are told to an observer. Before the first use.
    #[must_use]
    pub fn with_observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.common.observer = Some(observer);
        self
    }

    /// The settings it was made with.
    pub fn settings(&self) -> &ProviderSettings {
        &self.common.settings
    }

    /// The region of resources that name none: from the provider block, the environment or the profile.
    ///
    /// # Errors
    /// [`Kind::Configuration`] where nothing names one.
    pub async fn default_region(&self) -> Result<String> {
        Ok(self.config().await?.1)
    }

    /// Who the provider is, after its `assume_role`. Looked up once.
    ///
    /// # Errors
    /// [`Kind::Configuration`] where `allowed_account_ids` does not list the account; those of STS.
    pub async fn identity(&self) -> Result<CallerIdentity> {
        Ok(self.base().await?.caller)
    }

    /// Clients of an account and region; `None` is the provider's own. For another account the
    /// vending role is assumed there, once, from the provider's credentials.
    ///
    /// # Errors
    /// [`Kind::Configuration`] for a malformed account or region, [`Kind::AccessDenied`] where the
    /// role cannot be assumed.
    pub async fn get(&self, account_id: Option<&str>, region: Option<&str>) -> Result<Clients> {
        if let Some(id) = account_id.filter(|id| !is_account_id(id)) {
            return Err(configuration(format!(
                "`{id}` is not an account id; write its 12 digits"
            )));
        }
        if let Some(name) = region.filter(|name| !is_region(name)) {
            return Err(configuration(format!(
                "`{name}` is not a region name; write for example `eu-central-1`"
            )));
        }
        let base = self.base().await?;
        let region = region.unwrap_or(&base.region);
        let account = account_id.unwrap_or(&base.caller.account_id);
        let key = (account.to_owned(), region.to_owned());
        if let Some(found) = lock(&self.state.clients).get(&key) {
            return Ok(found.clone());
        }
        let clients = if account == base.caller.account_id {
            self.clients_of(&base, base.caller.clone(), region, None)
        } else {
            let role = self.role_in(&base, account).await?;
            self.clients_of(&base, role.caller, region, Some(role.credentials))
        };
        // Two tasks may have made them at once: the first one stays, so that connections are shared.
        Ok(lock(&self.state.clients)
            .entry(key)
            .or_insert(clients)
            .clone())
    }

    /// A session of any role, for an ephemeral resource: never kept here.
    ///
    /// # Errors
    /// Those of STS; [`Kind::Invalid`] for a length out of bounds.
    pub async fn assume_role_session(&self, request: SessionRequest) -> Result<Session> {
        let region = request.region.clone();
        let own = self.get(None, region.as_deref()).await?;
        own.sts().assume_role(&request).await
    }

    fn clients_of(
        &self,
        base: &Base,
        caller: CallerIdentity,
        region: &str,
        credentials: Option<SharedCredentialsProvider>,
    ) -> Clients {
        Clients::new(
            &base.config,
            self.common.clone(),
            caller,
            region,
            credentials,
        )
    }

    /// Configuration and region, loaded once; no AWS call.
    async fn config(&self) -> Result<(SdkConfig, String)> {
        let load = async {
            let config = self.common.settings.load().await?;
            let region = config.region().map(|region| region.as_ref().to_owned());
            let region = region.filter(|region| !region.is_empty()).ok_or_else(|| {
                configuration("no region; set `region` in the provider block, `AWS_REGION`, or a region in the profile")
            })?;
            Ok((config, region))
        };
        self.state.config.get(load).await
    }

    async fn base(&self) -> Result<Base> {
        self.state.base.get(self.make_base()).await
    }

    async fn make_base(&self) -> Result<Base> {
        let (mut config, region) = self.config().await?;
        let nobody = CallerIdentity::default();
        let mut first = Clients::new(&config, self.common.clone(), nobody.clone(), &region, None);
        if let Some(role) = &self.common.settings.assume_role {
            let request = SessionRequest {
                role_arn: role.role_arn.clone(),
                session_name: role.session_name.clone(),
                external_id: role.external_id.clone(),
                duration: role.duration,
                policy: role.policy.clone(),
                region: None,
            };
            let (credentials, _) = RoleCredentials::start(first, request).await?;
            let shared = SharedCredentialsProvider::new(credentials);
            config = config.into_builder().credentials_provider(shared).build();
            first = Clients::new(&config, self.common.clone(), nobody, &region, None);
        }
        let caller = first.sts().caller_identity().await.map_err(|mut error| {
            if let (Kind::NoCredentials, Some(profile)) =
                (error.kind, &self.common.settings.profile)
            {
                error.message = format!("profile `{profile}` gives none ({})", error.message);
            }
            error
        })?;
        let allowed = &self.common.settings.allowed_account_ids;
        if !allowed.is_empty() && !allowed.contains(&caller.account_id) {
            return Err(configuration(format!(
                "the credentials belong to account `{}` (`{}`), which `allowed_account_ids` does not list; use other credentials, or add the account",
                caller.account_id, caller.arn
            )));
        }
        Ok(Base {
            config,
            caller,
            region,
        })
    }

    async fn role_in(&self, base: &Base, account: &str) -> Result<Role> {
        let slot = lock(&self.state.roles)
            .entry(account.to_owned())
            .or_default()
            .clone();
        slot.get(self.assume_in(base, account)).await
    }

    async fn assume_in(&self, base: &Base, account: &str) -> Result<Role> {
        let name = &self.common.settings.vending_role_name;
        let arn = format!(
            "arn:{}:iam::{account}:role/{}",
            partition_of(&base.region),
            name.trim_start_matches('/')
        );
        let source = self.clients_of(base, base.caller.clone(), &base.region, None);
        let (credentials, session) = RoleCredentials::start(source, SessionRequest::new(arn))
            .await
            .map_err(|mut error| {
                if error.kind == Kind::AccessDenied {
                    error.message.push_str(&format!(
                        "; `vending_role_name` is `{name}`: that role must exist in account `{account}`"
                    ));
                }
                error
            })?;
        Ok(Role {
            credentials: SharedCredentialsProvider::new(credentials),
            caller: CallerIdentity {
                account_id: account.to_owned(),
                arn: session.assumed_role_arn,
                user_id: session.assumed_role_id,
            },
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
