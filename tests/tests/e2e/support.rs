//! What every test begins with.

use anyhow::{Result, ensure};
use gabion_tests::terraform::Tool;
use gabion_tests::tools::python;
use gabion_tests::{Aws, Emulator, Kind, Proxy, Terraform, skip, workspace};

/// An emulator behind the proxy, Terraform in front of it, and a client beside them.
pub(crate) struct World {
    /// The proxy: faults, the modelled fake, and the calls so far.
    pub(crate) proxy: Proxy,
    /// Terraform or OpenTofu, with our provider in `provider.tf`.
    pub(crate) terraform: Terraform,
    /// Changes behind Terraform's back; not seen by the proxy's count of calls.
    pub(crate) aws: Aws,
}

/// An emulator of that kind; without one, a loud skip and `None`.
pub(crate) fn emulator(kind: Kind) -> Result<Option<Emulator>> {
    if python::locate().is_err() {
        skip::missing("the emulators' Python environment", python::HOW, true)?;
        return Ok(None);
    }
    Emulator::start(kind).map(Some)
}

impl World {
    /// Terraform on that emulator, with the modelled fake between them.
    pub(crate) fn start(kind: Kind) -> Result<Option<Self>> {
        Self::build(Tool::Terraform, kind, true)
    }

    /// That program on that emulator. Without `fake`, only what the emulator really does.
    pub(crate) fn build(tool: Tool, kind: Kind, fake: bool) -> Result<Option<Self>> {
        let Some(binary) = tool.require()? else {
            return Ok(None);
        };
        let Some(emulator) = emulator(kind)? else {
            return Ok(None);
        };
        let direct = emulator.endpoint();
        let proxy = if fake {
            Proxy::start(emulator)?
        } else {
            Proxy::plain(emulator)?
        };
        let terraform = Terraform::new(&binary, &proxy.endpoint())?;
        terraform.provider("")?;
        let aws = Aws::new(&direct)?;
        Ok(Some(Self {
            proxy,
            terraform,
            aws,
        }))
    }

    /// Every call so far stands on that resource's page, and so in the policies that it publishes.
    pub(crate) fn calls_are_on_the_page(&self, resource: &str) -> Result<()> {
        self.calls_are_on_pages(&[resource])
    }

    /// The same, for a configuration with several resources.
    pub(crate) fn calls_are_on_pages(&self, resources: &[&str]) -> Result<()> {
        let mut pages = String::new();
        for resource in resources {
            let page = workspace::root().join(format!("docs/resources/{resource}.md"));
            pages.push_str(&std::fs::read_to_string(page)?);
        }
        let calls = self.proxy.calls();
        ensure!(!calls.is_empty(), "no call was recorded");
        for call in calls {
            // Signing names are not always the names of `endpoints`, which the pages use.
            let service = match call.operation.service.as_str() {
                "access-analyzer" => "accessanalyzer",
                service => service,
            };
            let name = format!("`{service}:{}`", call.operation.name);
            ensure!(
                pages.contains(&name),
                "{} does not list {name}",
                resources.join(", ")
            );
        }
        Ok(())
    }

    /// Writes `main.tf` and runs `init`.
    pub(crate) fn init(&self, main: &str) -> Result<()> {
        self.terraform.write("main.tf", main)?;
        self.terraform.init()?;
        Ok(())
    }
}
