//! Row-level security: whoever doesn't see all rows is refused beforehand, by `check` and by `apply`, and whoever does is not.

use crate::harness::Db;
use crate::running::run_prepared;
use crate::tool::{POLICY, Place, Ran};

/// A role with what the policy needs on its tables, beside row-level security.
struct Tenant {
    place: Place,
    role: String,
}

impl Tenant {
    fn new(more: &str) -> Self {
        let place = Place::new();
        place.db.sql("create table log (who bigint, what text); alter table log enable row level security");
        place.db.sql(more);
        let role = place.role("tenant");
        let database = place.db.value("select quote_ident(current_database())");
        place.db.sql(&format!(
            "create role {role} login; grant all on all tables in schema public to {role}; grant temporary on database {database} to {role}"
        ));
        place.db.sql(&efface::sql::ledger_grants(&efface::ident::Ident::new(role.as_str())));
        Self { place, role }
    }

    fn sql(&self, sql: &str) {
        self.place.db.sql(&sql.replace("TENANT", &self.role));
    }

    fn check(&self) -> Ran {
        self.place.run_as(&self.role, "check small.yaml")
    }

    /// `check` and `apply` say so, and without them the server would have, in the middle of the run.
    fn refused(&self, words: &str) {
        let before = self.place.dump();
        for line in ["check small.yaml", "apply small.yaml --subject 42 --yes"] {
            let ran = self.place.run_as(&self.role, line);
            assert_eq!(ran.code, Some(1), "{line}: {}", ran.err);
            assert!(ran.err.contains("error[row-level-security]") && ran.err.contains(words), "{line}: {}", ran.err);
        }
        assert_eq!(self.place.dump(), before);
        assert!(self.run().is_err(), "the server would have let it through");
    }

    /// `check` says nothing, and the run ends well.
    fn taken(&self) {
        let ran = self.check();
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        if let Err(error) = self.run() {
            panic!("check let it through, and the server doesn't: {error:?}");
        }
    }

    /// A run that nobody has looked at beforehand, by the role.
    fn run(&self) -> Result<(), efface::server::apply::RunError> {
        let db = Db::open(&self.place.db.url().replace("user=postgres", &format!("user={}", self.role)));
        run_prepared(&db, POLICY, || {}).map(drop)
    }
}

impl Drop for Tenant {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.sql("reassign owned by TENANT to postgres; drop owned by TENANT; drop role TENANT");
        }
    }
}

#[test]
fn a_role_that_would_see_some_rows_only_is_refused_until_it_sees_them_all() {
    let tenant = Tenant::new("alter table notes enable row level security");
    tenant.refused("hide rows of table `notes`");
    // At the rule of the table.
    assert!(tenant.check().err.contains("small.yaml:21:5"), "{}", tenant.check().err);
    // A policy that shows everything is none the less one that the server would have to apply.
    tenant.sql("create policy everything on notes to TENANT using (true) with check (true)");
    tenant.refused("ALTER ROLE");
    tenant.sql("alter role TENANT bypassrls");
    tenant.taken();
}

#[test]
fn the_owner_of_a_table_sees_it_whole_unless_it_is_forced() {
    let tenant = Tenant::new("alter table notes enable row level security");
    tenant.sql("alter table notes owner to TENANT; alter table notes force row level security");
    tenant.refused("ALTER TABLE public.notes NO FORCE ROW LEVEL SECURITY");
    tenant.sql("alter table notes no force row level security");
    tenant.taken();
}

#[test]
fn a_member_of_the_owner_sees_it_whole_too() {
    let tenant = Tenant::new("alter table notes enable row level security");
    let owner = tenant.place.role("owner");
    tenant.sql(&format!("create role {owner}; alter table notes owner to {owner}; grant {owner} to TENANT"));
    tenant.taken();
    tenant.sql(&format!("reassign owned by {owner} to postgres; drop owned by {owner}; drop role {owner}"));
}

#[test]
fn a_superuser_sees_everything() {
    let tenant = Tenant::new("alter table notes enable row level security; alter table notes force row level security");
    tenant.sql("alter role TENANT superuser");
    tenant.taken();
}

#[test]
fn a_table_that_a_trigger_function_reads_counts_and_as_whom_it_reads() {
    let function = |more: &str| {
        format!(
            "create or replace function noted() returns trigger language plpgsql {more} as
             $$ begin perform count(*) from public.log; return old; end $$;"
        )
    };
    let tenant = Tenant::new(&format!(
        "{}; create trigger noted before delete on notes for each row execute function noted()",
        function("")
    ));
    tenant.refused("trigger function `public.noted()` mentions table `log`");
    // The function as its owner, who is a superuser.
    tenant.sql(&function("security definer"));
    tenant.taken();
    // As its owner, who is not.
    tenant.sql("insert into notes values (1, 42, 'again')");
    let weak = tenant.place.role("weak");
    tenant.sql(&format!("create role {weak}; grant select on log to {weak}; alter function noted() owner to {weak}"));
    tenant.refused(&format!("hide rows from role `{weak}`"));
    // With a setting of its own it is filtered as always: what it wants.
    tenant.sql(&format!("drop function noted() cascade; drop owned by {weak}; drop role {weak}"));
    tenant.sql(&function("set row_security = on"));
    tenant.sql("create trigger noted before delete on notes for each row execute function noted()");
    tenant.taken();
}

#[test]
fn what_a_view_reads_is_read_as_its_owner_or_as_whoever_asks() {
    let tenant = Tenant::new("");
    let policy = POLICY.replace("select sum(amount) from bills", "select count(*) from seen");
    let owner = tenant.place.role("viewer");
    tenant.sql(&format!("create role {owner}; grant select on log to {owner}; create view seen as select * from log"));
    tenant.sql(&format!("alter view seen owner to {owner}; grant select on seen to TENANT"));
    tenant.place.policy(&policy);
    let ran = tenant.check();
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(
        ran.err.contains("error[row-level-security]") && ran.err.contains("row-level security is in the way"),
        "{}",
        ran.err
    );
    tenant.sql("alter view seen owner to postgres");
    let ran = tenant.check();
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    if tenant.place.db.connection().server_version.major >= 15 {
        tenant.sql("alter view seen set (security_invoker = true)");
        let ran = tenant.check();
        assert!(ran.code == Some(1) && ran.err.contains("error[row-level-security]"), "{}", ran.err);
    }
    tenant.sql(&format!("drop view seen; drop owned by {owner}; drop role {owner}"));
}

#[test]
fn a_partition_is_asked_for_by_way_of_its_table_whose_row_security_counts_alone() {
    let tenant = Tenant::new(
        "drop table notes;
         create table notes (id bigint, user_id bigint references users, body text, primary key (id)) partition by hash (id);
         create table notes_0 partition of notes for values with (modulus 2, remainder 0);
         create table notes_1 partition of notes for values with (modulus 2, remainder 1);
         create index on notes (user_id);
         insert into notes select n, 42, 'x' from generate_series(1, 9) as n;
         alter table notes_0 enable row level security",
    );
    tenant.taken();
    assert_eq!(tenant.place.db.value("select count(*) from notes"), "0");
    tenant.sql("insert into notes values (1, 42, 'again'); alter table notes enable row level security");
    tenant.refused("hide rows of table `notes`");
}

/// Hard case 11: a role under row-level security without BYPASSRLS gets an error, and not zero rows: from every command, from
/// a run that nobody has looked at beforehand, and from psql.
#[test]
fn hard_case_11_a_role_under_row_level_security_gets_an_error_and_not_zero_rows() {
    let tenant = Tenant::new(
        "alter table users enable row level security; alter table notes enable row level security;
         alter table bills enable row level security;
         create policy of_a_tenant on users using (id = 43); create policy of_a_tenant on notes using (user_id = 43);
         create policy of_a_tenant on bills using (user_id = 43)",
    );
    // What anybody else's DELETE would say, and leave behind.
    let db = Db::open(&tenant.place.db.url().replace("user=postgres", &format!("user={}", tenant.role)));
    let deleted = "with d as (delete from notes where user_id = 42 returning 1) select count(*) from d";
    assert_eq!(
        (db.value(deleted), tenant.place.db.value("select count(*) from notes where user_id = 42")),
        ("0".into(), "1".into())
    );
    let before = tenant.place.dump();
    let script = tenant.place.run("plan small.yaml --format sql").out;
    for line in [
        "check small.yaml",
        "plan small.yaml",
        "rehearse small.yaml --subject 42",
        "apply small.yaml --subject 42 --yes",
        // Somebody whom the role does see.
        "apply small.yaml --subject 43 --yes",
        // "Still gone" would be no answer either.
        "verify small.yaml --subject 42",
    ] {
        let ran = tenant.place.run_as(&tenant.role, line);
        assert_eq!(ran.code, Some(1), "{line}: {}", ran.err);
        for table in ["users", "notes", "bills"] {
            let words = format!(
                "error[row-level-security]: row-level security would hide rows of table `{table}` from role `{}`",
                tenant.role
            );
            assert!(ran.err.contains(&words), "{line}: {}", ran.err);
        }
        assert!(ran.err.contains(&format!("ALTER ROLE {} BYPASSRLS;", tenant.role)), "{line}: {}", ran.err);
    }
    assert!(tenant.run().is_err());
    let words = tenant.place.psql_as(&tenant.role, &script, "{42}").expect_err("psql refuses as well");
    assert!(words.contains("query would be affected by row-level security policy for table \"users\""), "{words}");
    assert_eq!(tenant.place.dump(), before);
    tenant.sql("alter role TENANT bypassrls");
    tenant.place.psql_as(&tenant.role, &script, "{42}").expect("the role sees everything now");
    assert_eq!(tenant.place.db.value("select count(*) from notes where user_id = 42"), "0");
}
