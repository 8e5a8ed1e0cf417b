//! The measured side of `cargo xtask bench`: each call prints one JSON object.

mod peak;
mod rego;
mod start;
mod verdicts;

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
        ["peak", program, rest @ ..] => {
            let peak = peak::measure(program, rest)?;
            println!("{}", json!({"seconds": peak.seconds, "peak": peak.bytes}));
        }
        ["rego", plan, rule] => println!("{}", json!({"findings": rego::check(plan, rule)?})),
        [how @ ("component" | "native"), plan] => {
            let found = verdicts::measure(*how == "component", plan)?;
            println!(
                "{}",
                json!({
                    "seconds": found.seconds,
                    "verdicts": found.verdicts,
                    "violations": found.violations,
                })
            );
        }
        _ => bail!("usage: gabion-bench start BINARY PROTOCOL | peak PROGRAM ARGUMENTS | rego PLAN RULE | component PLAN | native PLAN"),
    }
    Ok(())
}
