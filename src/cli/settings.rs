//! `feedgraph config`. In: the settings in force. Out: a table of them and of where each came from.

use super::output::say;
use crate::config::Layers;

/// Prints every setting, its value without secrets, and its origin.
pub fn show(layers: &Layers) {
    let rows = layers
        .all()
        .iter()
        .map(|given| (given.setting.name, given.shown(), &given.origin));
    let rows: Vec<_> = rows.collect();
    let names = rows.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
    let values = rows.iter().map(|(_, value, _)| value.chars().count());
    let values = values.max().unwrap_or(0);
    for (name, value, origin) in &rows {
        say(format!("{name:names$}  {value:values$}  {origin}"));
    }
}
