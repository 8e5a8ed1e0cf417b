//! The engine: one compiler, one clock, one cache for all packs of a process.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use wasmtime::component::{Component, HasSelf, Linker};

use crate::abi::state::State;
use crate::abi::v1;
use crate::baseline::{self, Released};
use crate::budget::Budgets;
use crate::cache::{Cache, CacheOptions, Identity};
use crate::error::EngineError;
use crate::pack::Pack;
use crate::ticker::Ticker;
use crate::verify;

/// How an engine is made.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct EngineOptions {
    /// What one call may cost.
    pub budgets: Budgets,
    /// Where compiled code is kept.
    pub cache: CacheOptions,
    /// The earlier releases of the pack inside the binary, in place of the embedded ones.
    pub released: Option<Vec<Released>>,
    /// How long compiling one pack may take; by default five minutes. The largest of ours takes seconds.
    pub compile: Option<Duration>,
}

const COMPILE: Duration = Duration::from_secs(300);

/// Loads packs. Cheap to clone; the clones share everything.
#[derive(Clone)]
pub struct Engine(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) wasmtime: wasmtime::Engine,
    pub(crate) linker: Linker<State>,
    pub(crate) ticker: Ticker,
    pub(crate) budgets: Budgets,
    cache: Cache,
    released: Vec<Released>,
    compile: Duration,
    /// What compiled code depends on, besides the component: engine, options, processor.
    compiler: String,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("budgets", &self.0.budgets)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// Makes an engine. A cache that cannot be used is told in the log and done without.
    ///
    /// # Errors
    /// When the machine cannot run one: no memory to reserve, no thread left.
    pub fn new(options: EngineOptions) -> Result<Self, EngineError> {
        let start = |error: wasmtime::Error| EngineError::Start(format!("{error:#}"));
        let wasmtime = wasmtime::Engine::new(&config(&options.budgets)).map_err(start)?;
        let mut linker = Linker::new(&wasmtime);
        v1::Guardrail::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut State| state)
            .map_err(start)?;
        let ticker = Ticker::start(wasmtime.clone())
            .map_err(|error| EngineError::Start(error.to_string()))?;
        let compiler = crate::cache::compiler_key(&wasmtime);
        Ok(Self(Arc::new(Inner {
            wasmtime,
            linker,
            ticker,
            budgets: options.budgets,
            cache: Cache::open(options.cache),
            released: options
                .released
                .unwrap_or_else(|| baseline::RELEASED.to_vec()),
            compile: options.compile.unwrap_or(COMPILE),
            compiler,
        })))
    }

    /// Loads a pack from its bytes; `origin` is what a message calls it.
    ///
    /// # Errors
    /// What is wrong with it, see [`EngineError`].
    pub fn load(&self, bytes: &[u8], origin: &str) -> Result<Pack, EngineError> {
        self.load_pinned(bytes, origin, None)
    }

    /// Loads a pack from its bytes if they have this digest; otherwise nothing is compiled.
    fn load_pinned(
        &self,
        bytes: &[u8],
        origin: &str,
        pin: Option<&str>,
    ) -> Result<Pack, EngineError> {
        let size = bytes.len() as u64;
        if size > verify::LARGEST {
            return Err(EngineError::TooLarge {
                origin: origin.to_owned(),
                size,
                most: verify::LARGEST,
            });
        }
        let digest = if std::ptr::eq(bytes, baseline::COMPONENT) {
            baseline::DIGEST.to_owned()
        } else {
            crate::cache::digest(bytes)
        };
        pinned(&digest, origin, pin)?;
        let component = match self.cached(&digest) {
            Some(component) => component,
            None => self.compile(bytes, &digest, origin)?,
        };
        Pack::new(self, component, digest, origin)
    }

    /// Loads a pack from a file. A file that did not change since it was last read here, and whose code is
    /// compiled, is not read again.
    ///
    /// # Errors
    /// What is wrong with it, see [`EngineError`].
    pub fn load_file(&self, path: &Path) -> Result<Pack, EngineError> {
        self.load_file_pinned(path, None)
    }

    /// Loads a pack from a file, as [`Engine::load_file`], if it has this digest (`sha256:...`); nothing else is
    /// compiled.
    ///
    /// # Errors
    /// [`EngineError::Digest`] where it has another; else as [`Engine::load_file`].
    pub fn load_file_pinned(&self, path: &Path, pin: Option<&str>) -> Result<Pack, EngineError> {
        let origin = path.display().to_string();
        let unreadable = |error: std::io::Error| EngineError::Unreadable {
            origin: origin.clone(),
            reason: said(&error),
        };
        let mut file = File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        if metadata.is_dir() {
            let reason = "it is a folder".to_owned();
            return Err(EngineError::Unreadable { origin, reason });
        }
        if metadata.len() > verify::LARGEST {
            return Err(EngineError::TooLarge {
                origin,
                size: metadata.len(),
                most: verify::LARGEST,
            });
        }
        let identity = Identity::of(&metadata);
        if let Some(digest) = self.0.cache.remembered_digest(&identity) {
            // Nothing of a pack is used before its bytes are the wanted ones.
            pinned(&digest, &origin, pin)?;
            if let Some(component) = self.cached(&digest) {
                return Pack::new(self, component, digest, &origin);
            }
        }
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
        file.by_ref()
            .take(verify::LARGEST + 1)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
        let pack = self.load_pinned(&bytes, &origin, pin)?;
        // Only what did not change while it was read is remembered.
        if file
            .metadata()
            .is_ok_and(|now| Identity::of(&now) == identity)
        {
            self.0.cache.remember_digest(&identity, pack.digest());
        }
        Ok(pack)
    }

    /// The pack inside the binary, as it was built from source.
    ///
    /// # Errors
    /// Only when the build went wrong.
    pub fn load_baseline(&self) -> Result<Pack, EngineError> {
        self.load(baseline::COMPONENT, "baseline")
    }

    /// The releases of the pack inside the binary: version and whether its bytes are fixed, oldest first; the one
    /// built from source last, unless it was released with that version.
    pub fn baselines(&self) -> Vec<(&'static str, bool)> {
        let mut found: Vec<_> = self
            .0
            .released
            .iter()
            .map(|release| (release.version, true))
            .collect();
        if !found
            .iter()
            .any(|(version, _)| *version == baseline::VERSION)
        {
            found.push((baseline::VERSION, false));
        }
        found
    }

    /// A version of the pack inside the binary, if it has this digest; the released one, where the version was
    /// released. `None` where there is no such version.
    ///
    /// # Errors
    /// [`EngineError::Digest`] where it has another digest.
    pub fn load_baseline_version(
        &self,
        version: &str,
        pin: Option<&str>,
    ) -> Result<Option<Pack>, EngineError> {
        let released = self
            .0
            .released
            .iter()
            .find(|release| release.version == version)
            .map(|release| release.component);
        let component =
            released.or_else(|| (version == baseline::VERSION).then_some(baseline::COMPONENT));
        component
            .map(|component| self.load_pinned(component, "baseline", pin))
            .transpose()
    }

    /// What one call may cost.
    pub fn budgets(&self) -> &Budgets {
        &self.0.budgets
    }

    fn code_key(&self, digest: &str) -> String {
        format!("{digest} {}", self.0.compiler)
    }

    fn cached(&self, digest: &str) -> Option<Component> {
        self.0.cache.code(&self.0.wasmtime, &self.code_key(digest))
    }

    fn compile(&self, bytes: &[u8], digest: &str, origin: &str) -> Result<Component, EngineError> {
        verify::inspect(bytes, origin)?;
        let component = self.compile_in_time(bytes, origin)?;
        match component.serialize() {
            Ok(code) => self.0.cache.keep_code(&self.code_key(digest), &code),
            Err(error) => {
                tracing::warn!(target: "gabion::cache", "compiled code cannot be kept: {error:#}")
            }
        }
        Ok(component)
    }
}

impl Engine {
    /// Compiles on a thread of its own, and does not wait for ever: a pack may be made to take that long. A compiler
    /// that is not done cannot be stopped; it ends with the process, which has nothing more to do.
    fn compile_in_time(&self, bytes: &[u8], origin: &str) -> Result<Component, EngineError> {
        let (done, compiled) = mpsc::channel();
        let (engine, bytes) = (self.0.wasmtime.clone(), bytes.to_vec());
        std::thread::Builder::new()
            .name("gabion-compile".to_owned())
            .spawn(move || {
                // Nobody listens any more where it took too long.
                let _ = done.send(Component::new(&engine, bytes));
            })
            .map_err(|error| EngineError::Start(error.to_string()))?;
        match compiled.recv_timeout(self.0.compile) {
            Ok(component) => component.map_err(|error| EngineError::Malformed {
                origin: origin.to_owned(),
                reason: format!("{error:#}"),
            }),
            Err(mpsc::RecvTimeoutError::Timeout) => Err(EngineError::CompileTime {
                origin: origin.to_owned(),
                seconds: self.0.compile.as_secs(),
            }),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(EngineError::Malformed {
                origin: origin.to_owned(),
                reason: "the compiler gave up on it; build it anew, with other versions of its tools if that does not help".to_owned(),
            }),
        }
    }
}

fn pinned(digest: &str, origin: &str, pin: Option<&str>) -> Result<(), EngineError> {
    match pin {
        Some(wanted) if wanted != digest => Err(EngineError::Digest {
            origin: origin.to_owned(),
            wanted: wanted.to_owned(),
            found: digest.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// What the system said, without the number of the error.
fn said(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

/// Address space for the memory of an instance, and behind it: a guest can name no address beyond, so that no access
/// has to be compared with the size of the memory. An interpreter in a guest runs a quarter faster so.
const ROOMY: (u64, u64) = (4 << 30, 32 << 20);
/// The same where address space is limited: a Rust guest needs two MiB, a JavaScript engine thirty-five. A memory that
/// outgrows it is moved, and every access is compared.
const NARROW: (u64, u64) = (64 << 20, 64 << 10);

/// Whether the process may have all the addresses it likes (`ulimit -v`).
fn is_roomy() -> bool {
    rustix::process::getrlimit(rustix::process::Resource::As)
        .current
        .is_none()
}

fn config(budgets: &Budgets) -> wasmtime::Config {
    let (reserved, guard) = if is_roomy() { ROOMY } else { NARROW };
    let mut config = wasmtime::Config::new();
    config
        .wasm_component_model(true)
        .concurrency_support(false)
        .consume_fuel(true)
        .epoch_interruption(true)
        .max_wasm_stack(budgets.stack)
        // The same verdict on every machine.
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        // A reader sees reasons, never a stack: what a trace needs is not made.
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false)
        .native_unwind_info(false)
        // Instances are made on demand. Measured on one rule and one resource, pooling saves 20 µs an instance and
        // costs 150 µs at the start of every process.
        .memory_reservation(reserved)
        .memory_reservation_for_growth(NARROW.0)
        .memory_guard_size(guard);
    config
}
