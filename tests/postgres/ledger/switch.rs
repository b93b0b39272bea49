//! The kill switch.

use super::*;

#[test]
fn while_efface_is_switched_off_every_run_is_refused_with_the_reason() {
    let place = Place::new();
    place.write("p.sql", &place.done("plan p.yaml --format sql").out);
    place.done("ledger disable --because 'the audit of November'");
    let words = ["switched off", "the audit of November", "ledger enable"];
    place.refused("apply p.yaml --subject 1 --yes", 1, &words);
    place.refused("rehearse p.yaml --subject 1", 1, &words);
    let before = place.state();
    let ran = place.psql("p.sql", &["key1={1}"]);
    assert!(
        !ran.status.success() && told(&ran).contains("switched off in this database: the audit of November"),
        "{}",
        told(&ran)
    );
    assert_eq!(place.state(), before);
    // What only looks goes on.
    for line in ["check p.yaml", "plan p.yaml", "ledger verify", "ledger list"] {
        place.done(line);
    }
    assert_eq!(place.run("ledger disable --because ' '").code, Some(2));
    place.done("ledger enable");
    place.done("apply p.yaml --subject 1 --yes");
    // By a plain UPDATE as well, which can't leave the reason out.
    assert_eq!(place.db.refused("update efface.control set enabled = false").sqlstate(), Some("23514"));
    place.db.sql("update efface.control set enabled = false, reason = 'by hand'");
    place.refused("apply p.yaml --subject 2 --yes", 1, &["by hand"]);
}

#[test]
fn the_switch_waits_for_a_run_and_the_next_run_waits_for_the_switch() {
    let place = Place::new();
    let other = place.db.again();
    other.sql("begin; select 1 from users where id = 1 for update");
    let running = place.start("apply p.yaml --subject 1 --yes");
    place.until_waiting(1);
    let switch = place.start("ledger disable --because 'enough'");
    place.until_waiting(2);
    // Whoever comes now has asked before and was let in; under the lock it is asked again.
    let next = place.start("apply p.yaml --subject 2 --yes");
    place.until_waiting(3);
    assert_eq!(place.db.value("select enabled from efface.control"), "t");
    other.sql("commit");
    let (running, switch, next) = (ended(running), ended(switch), ended(next));
    assert_eq!((running.code, switch.code), (Some(0), Some(0)), "{}{}", running.err, switch.err);
    assert_eq!(next.code, Some(1), "{}", next.err);
    assert!(next.err.contains("switched off in this database: enough"), "{}", next.err);
    assert_eq!(place.db.value("select string_agg(subject, ',') from efface.erased"), "1");
}

#[test]
fn a_switch_without_its_row_lets_nobody_through() {
    let place = Place::new();
    place.db.sql("delete from efface.control");
    place.refused("apply p.yaml --subject 1 --yes", 1, &["efface.control has no row"]);
}
