# Sourced by the benchmarks: times two commands in turn and prints each one's median and the median of the ratios.
# A shared machine is noisy; a ratio of neighbours in time is not.

# SHORT=1 makes every benchmark one that ends after seconds: it shows that the benchmark still runs to its end and that
# what it checks holds, and measures nothing. The tests run them so (`ctest -L bench`). A tool that isn't installed is left
# out then.

# short A B: A in the short form, else B.
short() { if [ -n "${SHORT:-}" ]; then echo "$1"; else echo "$2"; fi; }

# absent TOOL: true when there is nothing to compare with; that ends a benchmark which is to measure.
absent() {
  case $1 in lftp | rclone | curl) ! command -v "$1" >/dev/null || return 1 ;; *) return 1 ;; esac
  [ -n "${SHORT:-}" ] || { echo "needs $1" >&2; exit 1; }
}

now() { date +%s.%N; }

# seconds COMMAND…: wall-clock seconds of one quiet run; a failing command ends the benchmark.
seconds() {
  local start end
  before_run
  start=$(now)
  "$@" >/dev/null 2>&1 || { echo "failed: $*" >&2; exit 1; }
  end=$(now)
  echo "$start $end" | awk '{ printf "%.4f", $2 - $1 }'
}

# cpu_seconds COMMAND…: user and system seconds of one quiet run and its children.
cpu_seconds() {
  local TIMEFORMAT='%U %S'
  { time "$@" >/dev/null 2>&1; } 2>&1 | awk '{ printf "%.2f", $1 + $2 }'
}

# own_network "$@": goes on, as this script with these arguments, in a network namespace of its own in which closed
# connections are forgotten at once. Elsewhere each file leaves a port of the server's in TIME_WAIT for a minute, and from
# about 10,000 of those on bind() searches so long that every tool takes several times as long, whoever is next.
own_network() {
  if [ -n "${IN_OWN_NETWORK:-}" ]; then
    ip link set lo up
    echo 1000 >/proc/sys/net/ipv4/tcp_max_tw_buckets
  elif [ "$(id -u)" != 0 ] || ! command -v ip >/dev/null || ! unshare --net true 2>/dev/null; then
    echo "no network of our own (that takes root and iproute2): let a minute pass between cells, or they disturb each other" >&2
  else
    exec env IN_OWN_NETWORK=1 unshare --net "$0" "$@"
  fi
}

before_round() { :; }
before_run() { :; }

median() { sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# paired ROUNDS NAME_A FUNCTION_A NAME_B FUNCTION_B: one uncounted round, then A B, B A, A B, …: whoever is first in a
# round finds what before_round() left, and the other one what the first left, so that neither may always be the same.
# Functions before_round and before_run, where there are any, are called ahead of each round and of each run.
paired() {
  local rounds=$1 name_a=$2 a=$3 name_b=$4 b=$5 i ta tb
  local all_a=() all_b=() ratios=()
  before_round
  if absent "$name_b"; then
    printf '%s: %.2f s; %s is not here\n' "$name_a" "$(seconds "$a")" "$name_b"
    return
  fi
  seconds "$a" >/dev/null
  seconds "$b" >/dev/null
  for ((i = 0; i < rounds; ++i)); do
    before_round
    if ((i % 2 == 0)); then
      ta=$(seconds "$a")
      tb=$(seconds "$b")
    else
      tb=$(seconds "$b")
      ta=$(seconds "$a")
    fi
    all_a+=("$ta") all_b+=("$tb") ratios+=("$(echo "$ta $tb" | awk '{ printf "%.3f", $1 / $2 }')")
  done
  printf '%s: median %.2f s; %s: median %.2f s; ratio: median %.2f (' "$name_a" \
    "$(printf '%s\n' "${all_a[@]}" | median)" "$name_b" "$(printf '%s\n' "${all_b[@]}" | median)" \
    "$(printf '%s\n' "${ratios[@]}" | median)"
  printf '%s\n' "${ratios[@]}" | sort -g | tr '\n' ' ' | sed 's/ $//'
  printf ')\n'
}
