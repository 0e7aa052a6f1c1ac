//! The connections that are allowed, as a table.

use std::collections::BTreeSet;

use super::cells::Cell;

const HEAD: [&str; 4] = ["FROM", "TO", "PORT", "BY"];

/// Longest list of ports; all that were asked are then said to be so.
const MOST_PORTS: usize = 3;

/// A line for each pair of ends and the policies that allow their connections, and at the end what is closed.
pub(super) fn text(cells: &[Cell]) -> String {
    let mut rows: Vec<[String; 4]> = Vec::new();
    for pair in cells.chunk_by(|one, next| (&one.from, &one.to) == (&next.from, &next.to)) {
        // Ports that the same policies allow share a line.
        let mut allowed: Vec<(String, Vec<String>)> = Vec::new();
        for cell in pair.iter().filter(|cell| cell.allowed) {
            let (port, by) = (format!("{}/{}", cell.port, cell.protocol), by(cell));
            match allowed.iter_mut().find(|(other, _)| *other == by) {
                Some((_, ports)) => ports.push(port),
                None => allowed.push((by, vec![port])),
            }
        }
        let Some(Cell { from, to, .. }) = pair.first() else { continue };
        let row = |(by, ports): (String, Vec<String>)| {
            let is_all = ports.len() == pair.len() && ports.len() > MOST_PORTS;
            let ports = if is_all { format!("all {} asked", ports.len()) } else { ports.join(", ") };
            [from.clone(), to.clone(), ports, by]
        };
        rows.extend(allowed.into_iter().map(row));
    }
    columns(&rows) + &closed(cells)
}

/// The policies that allow a connection: those of the end that opens it, then those of the end that accepts it.
fn by(cell: &Cell) -> String {
    let side =
        |direction: &str, names: &[String]| (!names.is_empty()).then(|| format!("{direction} {}", names.join(" ")));
    let sides = [side("egress", &cell.egress), side("ingress", &cell.ingress)];
    let sides: Vec<String> = sides.into_iter().flatten().collect();
    if sides.is_empty() { "no policy selects them".to_owned() } else { sides.join(", ") }
}

fn columns(rows: &[[String; 4]]) -> String {
    let head = HEAD.map(str::to_owned);
    let all = || [&head].into_iter().chain(rows);
    let width = |column: usize| all().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let [from, to, port] = [0, 1, 2].map(|column| width(column).unwrap_or_default());
    let lines = all().map(|[a, b, c, d]| format!("{a:from$}   {b:to$}   {c:port$}   {d}"));
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

/// What isn't in the table.
fn closed(cells: &[Cell]) -> String {
    let closed = cells.iter().filter(|cell| !cell.allowed).count();
    if closed == 0 {
        return format!("\nNothing is closed: all {} connections between these ends are allowed.\n", cells.len());
    }
    let names = |cell: &Cell| [cell.from.clone(), cell.to.clone()];
    let mut known: BTreeSet<String> = cells.iter().filter(|cell| cell.allowed).flat_map(names).collect();
    // In the order of the ends, each once.
    let unreached: Vec<String> = cells.iter().flat_map(names).filter(|name| known.insert(name.clone())).collect();
    let text = format!(
        "\nClosed: all else between these ends, {closed} of {} connections; `-o json` prints each.\n",
        cells.len()
    );
    if unreached.is_empty() { text } else { format!("{text}Closed altogether: {}.\n", unreached.join("; ")) }
}
