//! How a check of ours tells what it found.

use anyhow::bail;

/// Fails with every finding listed, so that one run shows all there is to mend.
pub(crate) fn report(check: &str, findings: Vec<String>) -> anyhow::Result<()> {
    if findings.is_empty() {
        return Ok(());
    }
    let count = findings.len();
    let list: String = findings
        .into_iter()
        .map(|finding| format!("\n- {finding}"))
        .collect();
    bail!(
        "{check}: {count} {}{list}",
        if count == 1 { "finding" } else { "findings" }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finding_is_listed() {
        report("layers", Vec::new()).unwrap();
        let error = report("layers", vec!["a breaks".into(), "b breaks".into()]).unwrap_err();
        assert_eq!(error.to_string(), "layers: 2 findings\n- a breaks\n- b breaks");
    }
}
