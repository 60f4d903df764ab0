# Sourced by the benchmarks: times two commands in turn and prints each one's median and the median of the ratios.
# A shared machine is noisy; a ratio of neighbours in time is not.

now() { date +%s.%N; }

# seconds COMMAND…: wall-clock seconds of one quiet run; a failing command ends the benchmark.
seconds() {
  local start end
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

before_round() { :; }

median() { sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# paired ROUNDS NAME_A FUNCTION_A NAME_B FUNCTION_B: one uncounted round, then A B A B …
# A function before_round, where there is one, is called ahead of each round.
paired() {
  local rounds=$1 name_a=$2 a=$3 name_b=$4 b=$5 i ta tb
  local all_a=() all_b=() ratios=()
  before_round
  seconds "$a" >/dev/null
  seconds "$b" >/dev/null
  for ((i = 0; i < rounds; ++i)); do
    before_round
    ta=$(seconds "$a")
    tb=$(seconds "$b")
    all_a+=("$ta") all_b+=("$tb") ratios+=("$(echo "$ta $tb" | awk '{ printf "%.3f", $1 / $2 }')")
  done
  printf '%s: median %.2f s; %s: median %.2f s; ratio: median %.2f (' "$name_a" \
    "$(printf '%s\n' "${all_a[@]}" | median)" "$name_b" "$(printf '%s\n' "${all_b[@]}" | median)" \
    "$(printf '%s\n' "${ratios[@]}" | median)"
  printf '%s\n' "${ratios[@]}" | sort -g | tr '\n' ' ' | sed 's/ $//'
  printf ')\n'
}
