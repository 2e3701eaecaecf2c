#!/bin/bash
# test_install.sh - what cmake --install gives, used from an empty prefix: pkg-config, CMake, C, C++, man pages, completion
# SPDX-License-Identifier: Apache-2.0
set -u
source "$SOURCE/tests/support/expect.sh"
[ -z "${SANITIZE:-}" ] || { echo "skipped: a program needs the sanitizer's own flags to link"; exit 77; }
cmake --install "$BUILD" --prefix "$work/first" > install.log 2>&1 || { echo "FAILED: cmake --install"; tail -5 install.log; exit 1; }
mv first prefix # it may be moved
prefix=$work/prefix
unset LD_LIBRARY_PATH CPATH LIBRARY_PATH
lib=$(dirname "$(find "$prefix" -name libdetpipe.a)")
cp "$SOURCE/examples/trainer.c" .

# the trainer of the README, from the prefix alone, gives the losses that it gives in the source tree
"$TRAINER" "$work/own" 3 > expected.txt || fail "the trainer of the source tree"
same() { rm -f weights; LD_LIBRARY_PATH=$lib "$@" weights 3 > seen.txt 2>&1 && cmp -s expected.txt seen.txt || { fail "$1"; head -3 seen.txt; }; }

if command -v pkg-config > /dev/null; then
    export PKG_CONFIG_PATH=$lib/pkgconfig
    # shellcheck disable=SC2046
    "$CC" trainer.c -o by_pkg_config $(pkg-config --cflags --libs detpipe) || fail "cc with pkg-config"
    same ./by_pkg_config
    mkdir static && cp "$lib/libdetpipe.a" static/
    # shellcheck disable=SC2046
    "$CC" trainer.c -o by_static $(pkg-config --cflags detpipe) -Lstatic $(pkg-config --static --libs detpipe | sed "s|-L[^ ]*||") ||
        fail "cc with pkg-config --static"
    same ./by_static
    readelf -d by_static | grep -q libdetpipe && fail "by_static needs the shared library"
    [ "$(pkg-config --modversion detpipe)" = "$("$DETPIPE" --version | cut -d' ' -f2)" ] || fail "pkg-config --modversion"
else
    echo "not tried: pkg-config is not here"
fi

# CMake, as C and as C++, shared and static
mkdir project && cp trainer.c project/
{
    for header in "$prefix"/include/detpipe*.h; do echo "#include <$(basename "$header")>"; done
    echo 'int main() { dp_error err; return dp_net_selftest(&err) == DP_OK && dp_version()[0] == 48 ? 0 : 1; }'
} > project/main.cpp
cat > project/CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.16)
project(user LANGUAGES C CXX)
find_package(detpipe 0.1 REQUIRED)
add_executable(shared trainer.c)
target_link_libraries(shared detpipe::detpipe)
add_executable(static trainer.c)
target_link_libraries(static detpipe::static)
add_executable(cxx main.cpp)
target_link_libraries(cxx detpipe::detpipe)
CMAKE
if cmake -S project -B user -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$CC" > cmake.log 2>&1 && cmake --build user >> cmake.log 2>&1; then
    same user/shared
    same user/static
    LD_LIBRARY_PATH=$lib user/cxx || fail "a program in C++"
else
    fail "find_package(detpipe)"
    tail -20 cmake.log
fi

# the ranks' library, a component of its own: with pkg-config and CMake, shared and static, one rank or three
if [ -e "$prefix/include/detpipe_mpi.h" ] && command -v mpirun > /dev/null; then
    cp "$SOURCE/examples/ranks.c" .
    mkdir ranks && cp ranks.c ranks/
    cat > ranks/CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.16)
project(user LANGUAGES C)
find_package(detpipe 0.1 REQUIRED COMPONENTS mpi)
add_executable(shared ranks.c)
target_link_libraries(shared detpipe::mpi)
add_executable(static ranks.c)
target_link_libraries(static detpipe::mpi_static)
CMAKE
    cmake -S ranks -B by_cmake -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$CC" > cmake.log 2>&1 &&
        cmake --build by_cmake >> cmake.log 2>&1 || { fail "find_package(detpipe COMPONENTS mpi)"; tail -20 cmake.log; }
    # shellcheck disable=SC2046
    ! command -v pkg-config > /dev/null || "$CC" ranks.c -o by_cmake/pkg $(pkg-config --cflags --libs detpipe-mpi) || fail "cc with pkg-config detpipe-mpi"
    LD_LIBRARY_PATH=$lib by_cmake/shared 4 > one.txt || fail "ranks.c alone"
    [ "$(wc -l < one.txt)" = 4 ] || fail "ranks.c does not take four steps"
    for program in shared static pkg; do
        [ -e by_cmake/$program ] || continue
        LD_LIBRARY_PATH=$lib mpirun --allow-run-as-root --oversubscribe -n 3 by_cmake/$program 4 > three.txt 2> mpirun.txt
        cmp -s one.txt three.txt || { fail "three ranks of ranks.c, $program"; head -3 three.txt mpirun.txt; }
    done
    readelf --dyn-syms -W "$lib/libdetpipe_mpi.so" | awk '$7 != "UND" && $5 == "GLOBAL" && $4 == "FUNC" {print $8}' | LC_ALL=C sort > mpi.txt
    [ "$(tr '\n' ' ' < mpi.txt)" = 'dp_mpi_abort@@DETPIPE_0 dp_mpi_close@@DETPIPE_0 dp_mpi_open@@DETPIPE_0 dp_mpi_set_timeout@@DETPIPE_0 ' ] || fail "the symbols of libdetpipe_mpi.so: $(cat mpi.txt)"
    readelf -d "$lib/libdetpipe.so" by_cmake/shared | grep -q 'NEEDED.*libdetpipe_mpi.so.0\]' || fail "by_cmake/shared does not take libdetpipe_mpi.so.0"
    readelf -d "$lib/libdetpipe.so" | grep -qi 'NEEDED.*mpi' && fail "libdetpipe.so needs MPI"
else
    echo "not tried: libdetpipe_mpi, as there is no MPI"
    [ ! -e "$prefix/include/detpipe_mpi.h" ] || [ -e "$lib/libdetpipe_mpi.so" ] || fail "detpipe_mpi.h is installed without its library"
fi

# the tool runs from there, alone
expect 0 '^REPRODUCED$' env -u LD_LIBRARY_PATH "$prefix/bin/detpipe" verify

# the ABI: the symbols, no more and no fewer
readelf --dyn-syms -W "$lib/libdetpipe.so" | awk '$7 != "UND" && $5 == "GLOBAL" && $4 == "FUNC" {print $8}' | LC_ALL=C sort > abi.txt
[ -z "${DETPIPE_WRITE_GOLDEN:-}" ] || { echo "# the symbols of libdetpipe.so, written by test_install.sh"; cat abi.txt; } > "$SOURCE/tests/golden/abi.txt"
diff <(grep -v '^#' "$SOURCE/tests/golden/abi.txt") abi.txt || fail "the symbols of libdetpipe.so are others: a program that was linked before may not run (add: DETPIPE_WRITE_GOLDEN=1)"
readelf -d "$lib/libdetpipe.so" | grep -q 'SONAME.*libdetpipe.so.0\]' || fail "no SONAME libdetpipe.so.0"

# pages and completion
while read -r name; do
    [ -s "$prefix/share/man/man1/detpipe-$name.1" ] || fail "no man page of detpipe $name"
done < <("$DETPIPE" --help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p')
for page in man1/detpipe.1 man3/detpipe.h.3 man3/detpipe_net.h.3 man7/detpipe-stages.7 man7/detpipe-random_crop.7; do
    [ -s "$prefix/share/man/$page" ] || fail "no man page $page"
done
if command -v man > /dev/null; then
    man --warnings -l "$prefix"/share/man/man1/*.1 "$prefix"/share/man/man3/*.3 > pages.txt 2> warnings.txt
    [ -s warnings.txt ] && { fail "man warns"; head -3 warnings.txt; }
    grep -q -- '--vary LIST' pages.txt || fail "the page of verify has no --vary"
fi
for name in $(sed -n 's/^\(dp_[a-z0-9_]*\)@.*/\1/p' "$SOURCE/tests/golden/abi.txt"); do
    grep -q "[ *]$name(" "$prefix/share/doc/detpipe/api.md" || fail "api.md has no $name"
done
complete() { # WORDS...: what bash would offer
    PATH=$prefix/bin:$PATH bash -c 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _detpipe; printf "%s\n" "${COMPREPLY[@]}"' \
        "$prefix/share/bash-completion/completions/detpipe" "$@"
}
[ "$(complete detpipe ver)" = verify ] || fail "completion of 'detpipe ver'"
complete detpipe verify --va | grep -qx -- --vary || fail "completion of 'detpipe verify --va'"
if command -v zsh > /dev/null; then zsh -n "$prefix/share/zsh/site-functions/_detpipe" || fail "_detpipe is not zsh"; fi
if command -v fish > /dev/null; then fish -n "$prefix/share/fish/vendor_completions.d/detpipe.fish" || fail "detpipe.fish is not fish"; fi
exit $failed
