//! Files that later runs may trust: compiled code above all, which is mapped and run as it lies there.
//!
//! Every file carries a code (HMAC-SHA256) by a key of the user that is kept elsewhere, over its kind, its key, its
//! time and its content. One that does not fit is thrown away and made again. A file that was checked before, and
//! did not change since (device, inode, size and both times, which themselves stand in a checked record), is not
//! read through again. A folder that root owns and nobody else can write needs no code, so that an image can
//! carry compiled packs.
//!
//! What cannot be used (no home, a key that others can read, a full disk) is told in the log and done without.

mod code;
mod key;
mod place;
mod store;

pub use place::CacheOptions;
pub use place::cache_fault;
pub(crate) use place::{base, guarded};
pub use store::Store;

pub(crate) use code::{Cache, compiler_key, digest};
pub(crate) use store::Identity;
