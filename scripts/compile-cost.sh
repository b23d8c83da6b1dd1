#!/bin/sh
# Prints the CPU seconds that a program with one actor costs to compile, by the number of its
# messages, each of which is asked once: a clean debug build of the program alone, without the
# incremental cache. First its dependencies are built, whose cost is printed too. Beside it the
# same program with kameo, where that is fetched. `scripts/compile-cost.sh 1 10 100`
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CARGO_INCREMENTAL=0 CARGO_TARGET_DIR="$work/target" CARGO_NET_OFFLINE=true

# User and system seconds of a command and its children.
cpu() {
    python3 - "$@" <<'END'
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
if done.returncode:
    sys.exit(done.stderr)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"{used.ru_utime + used.ru_stime:.1f}")
END
}

conclib() {
    echo 'use conclib::prelude::*; #[actor] struct Counter(u64); #[actor] impl Counter {'
    seq "$1" | sed 's/.*/#[message] fn inc&(\&mut self, by: u64) -> u64 { self.0 += by; self.0 }/; s/&(/&(/' |
        awk '{ sub("inc&", "inc" NR); print }'
    echo '} #[conclib::main] async fn main() -> conclib::Result { let system = System::new("cost");'
    echo 'let counter = system.spawn(Counter(0))?;'
    seq "$1" | sed 's/.*/counter.inc&(&).await?;/'
    echo 'Ok(()) }'
}

kameo() {
    echo 'use kameo::prelude::*; #[derive(Actor)] struct Counter(u64);'
    seq "$1" | sed 's/.*/struct Inc&(u64); impl Message<Inc&> for Counter { type Reply = u64;/
s/$/ async fn handle(\&mut self, m: INC, _: \&mut Context<Self, Self::Reply>) -> u64 { self.0 += m.0; self.0 } }/' |
        awk '{ sub("INC", "Inc" NR); print }'
    echo '#[tokio::main] async fn main() { let counter = Counter::spawn(Counter(0));'
    seq "$1" | sed 's/.*/counter.ask(Inc&(&)).await.unwrap();/'
    echo '}'
}

measure() {
    library=$1
    shift
    mkdir -p "$work/$library/src"
    cp "$root/Cargo.lock" "$work/$library/Cargo.lock"
    {
        printf '[package]\nname = "cost-%s"\nedition = "2024"\n[workspace]\n' "$library"
        printf '[profile.dev]\ndebug = "line-tables-only"\n[dependencies]\n'
        case $library in
        conclib) printf 'conclib = { path = "%s", default-features = false, features = ["macros"] }\n' "$root" ;;
        kameo) printf 'kameo = "*"\ntokio = { version = "1", features = ["full"] }\n' ;;
        esac
    } >"$work/$library/Cargo.toml"
    first=yes
    for messages in "$@"; do
        "$library" "$messages" >"$work/$library/src/main.rs"
        if [ $first ]; then
            all=$(cd "$work/$library" && cpu cargo build) || return
            echo "$library, with all dependencies, $messages messages: $all s"
            first=
        fi
        (cd "$work/$library" && cargo clean --quiet --package "cost-$library")
        echo "$library, $messages messages: $(cd "$work/$library" && cpu cargo build) s"
    done
}

[ $# -gt 0 ] || set -- 1 10 100
measure conclib "$@"
measure kameo "$@" || echo "kameo is not fetched"
