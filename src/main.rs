//! The command-line tool.

fn main() -> std::process::ExitCode {
    efface::cli::main()
}
