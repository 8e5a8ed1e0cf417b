//! The two macros that authors write.

/// Makes a rule of a doc comment, metadata and one function.
///
/// The doc comment is the rule's page. `fn check(change)` judges one change, `fn check_plan(graph)` the whole
/// plan. The fields stand in the order of the example in the crate's documentation.
#[macro_export]
macro_rules! rule {
    (
        $(#[doc = $doc:literal])*
        $vis:vis struct $rule:ident { $($field:tt)* }
        fn check($change:ident) $body:block
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug)]
        $vis struct $rule;

        impl $crate::Rule for $rule {
            const METADATA: $crate::Metadata =
                $crate::__metadata!(concat!($($doc, "\n"),*), $crate::Scope::Change, $($field)*);

            fn check($change: &$crate::Change) -> $crate::Outcome $body
        }
    };
    (
        $(#[doc = $doc:literal])*
        $vis:vis struct $rule:ident { $($field:tt)* }
        fn check_plan($graph:ident) $body:block
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug)]
        $vis struct $rule;

        impl $crate::Rule for $rule {
            const METADATA: $crate::Metadata =
                $crate::__metadata!(concat!($($doc, "\n"),*), $crate::Scope::Plan, $($field)*);

            fn check_plan($graph: &$crate::Graph) -> $crate::Outcome $body
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __metadata {
    (
        $doc:expr, $scope:expr,
        code: $code:expr,
        name: $name:expr,
        title: $title:expr,
        level: $level:ident,
        since: $since:expr,
        targets: [$($target:expr),* $(,)?],
        controls: [$($control:expr),* $(,)?] $(,)?
    ) => {
        $crate::Metadata {
            code: $code,
            name: $name,
            title: $title,
            doc: $doc,
            level: $crate::Level::$level,
            scope: $scope,
            targets: &[$($target),*],
            controls: &[$($control),*],
            since: $since,
        }
    };
}

/// Makes a pack of rules, and on `wasm32` the component's exports.
///
/// `settings` is a JSON Schema, `configure` a function that looks at the settings beyond it; both may be left
/// out. Each rule is one line. Makes `pub static PACK`.
#[macro_export]
macro_rules! pack {
    (
        name: $name:expr,
        version: $version:expr,
        $(settings: $settings:expr,)?
        $(configure: $configure:expr,)?
        rules: [$($rule:path),* $(,)?] $(,)?
    ) => {
        /// The pack: what the component offers.
        #[allow(unreachable_pub)]
        pub static PACK: $crate::Pack = $crate::Pack {
            name: $name,
            version: $version,
            settings_schema: $crate::__first!(
                $($settings,)? r#"{"type":"object","additionalProperties":false}"#,
            ),
            configure: $crate::__first!($($configure,)? |_settings| Ok(()),),
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
macro_rules! __first {
    ($first:expr, $($rest:expr,)*) => {
        $first
    };
}
