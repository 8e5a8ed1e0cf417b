//! The measured side of `cargo xtask bench`: each call prints one JSON object.

mod rego;
mod start;

use anyhow::{Result, bail};
use serde_json::json;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["start", binary, protocol] => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let start = runtime.block_on(start::measure(binary, protocol.parse()?))?;
            println!(
                "{}",
                json!({"seconds": start.seconds, "bytes": start.bytes, "resident": start.resident})
            );
        }
        ["rego", plan, rule] => println!("{}", json!({"findings": rego::check(plan, rule)?})),
        _ => bail!("usage: gabion-bench start BINARY PROTOCOL | rego PLAN RULE"),
    }
    Ok(())
}
