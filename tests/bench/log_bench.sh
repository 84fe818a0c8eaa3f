#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# log_bench at the size its figures are given for in the full tier, at a thousandth of it otherwise.
set -euo pipefail
folder=$(mktemp -d "${TMPDIR:-/var/tmp}/amana-bench.XXXXXX")
trap 'rm -rf "$folder"' EXIT
small=(--long 20000 --short 4000 --contents 2000 --news 500 --rounds 1)
[ "${AMANA_TIER:-ci}" = full ] && small=()
"$AMANA_BUILD/tests/log_bench" "$folder/log" "${small[@]}"
