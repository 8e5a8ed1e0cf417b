//! What a rule runs on. All three have the same shape; rule code cannot tell them apart.

#[cfg(target_arch = "wasm32")]
mod guest;
#[cfg(target_arch = "wasm32")]
pub(crate) use guest::{Change, Graph, Value, log};
#[cfg(target_arch = "wasm32")]
pub use guest::{bindings, component};

#[cfg(all(feature = "native", not(target_arch = "wasm32")))]
mod native;
#[cfg(all(feature = "native", not(target_arch = "wasm32")))]
pub(crate) mod pack;
#[cfg(all(feature = "native", not(target_arch = "wasm32")))]
pub(crate) use native::{Change, Graph, Value, log};

#[cfg(not(any(feature = "native", target_arch = "wasm32")))]
mod absent;
#[cfg(not(any(feature = "native", target_arch = "wasm32")))]
pub(crate) use absent::{Change, Graph, Value, log};
