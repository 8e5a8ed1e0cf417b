//! `pack!`; the other macros, `#[rule]` and `#[derive(Settings)]`, are in a crate of their own, as Rust wants it.

/// Makes a pack of rules, and on `wasm32` the component's exports.
///
/// `settings` is a struct with `#[derive(Settings)]`, `configure` a function of a reference to it that looks at the
/// settings beyond its schema and answers `Result<(), Vec<SettingsProblem>>`; both may be left out. `rules` names
/// the functions with `#[rule]`, one a line. Makes `pub static PACK`.
#[macro_export]
macro_rules! pack {
    (
        name: $name:expr,
        version: $version:expr,
        $(settings: $settings:ty, $(configure: $configure:expr,)?)?
        rules: [$($rule:path),* $(,)?] $(,)?
    ) => {
        /// The pack: what the component offers.
        #[allow(unreachable_pub)]
        pub static PACK: $crate::Pack = $crate::Pack {
            name: $name,
            version: $version,
            settings_schema: <$crate::__settings!($($settings)?) as $crate::Settings>::schema_text,
            configure: |settings| {
                let settings = $crate::settings::whole::<$crate::__settings!($($settings)?)>(settings)?;
                $($($crate::__configure(&settings, $configure)?;)?)?
                let _ = settings;
                Ok(())
            },
            rules: &[$($crate::RuleEntry::of::<$rule>()),*],
        };

        #[cfg(target_arch = "wasm32")]
        mod __gabion_component {
            struct Component;

            impl $crate::component::Offers for Component {
                fn pack() -> &'static $crate::Pack {
                    &super::PACK
                }
            }

            type Exports = $crate::component::Exports<Component>;
            $crate::bindings::export_guardrail!(Exports with_types_in $crate::bindings);
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __settings {
    () => {
        $crate::settings::NoSettings
    };
    ($settings:ty) => {
        $settings
    };
}

/// Gives the function that `configure` names its type, so that a closure needs none.
#[doc(hidden)]
pub fn __configure<S>(
    settings: &S,
    configure: fn(&S) -> Result<(), Vec<crate::SettingsProblem>>,
) -> Result<(), Vec<crate::SettingsProblem>> {
    configure(settings)
}
