#!/bin/bash
# test_hosts.sh - ranks on two hosts, which are namespaces of this machine with a network of their own between them
# SPDX-License-Identifier: Apache-2.0
set -u
. "$SOURCE/tests/support/expect.sh"
[ -z "$SANITIZE" ] || { echo "skipped under $SANITIZE: MPI leaks"; exit 77; }
command -v mpirun > /dev/null && ldd "$DETPIPE" | grep -q libmpi || { echo "skipped: there is no Open MPI"; exit 77; }
PATH=$PATH:/usr/sbin:/sbin
for tool in ip nsenter unshare; do command -v $tool > /dev/null || { echo "skipped: no hosts without $tool (Debian: iproute2, util-linux)"; exit 77; }; done
[ "$(id -u)" = 0 ] && unshare -n -u true 2> /dev/null || { echo "skipped: only root makes network namespaces, where the system permits them"; exit 77; }

# two hosts: each a process that waits in namespaces of its own, which go with it; a cable between them
hosts=()
leave() { # a daemon that has lost its launcher waits for minutes: all that is in the two hosts ends with them
    local i p net
    for i in "${!hosts[@]}"; do
        net=$(readlink /proc/"${hosts[i]}"/ns/net)
        for p in /proc/[0-9]*; do [ -z "$net" ] || [ "$(readlink $p/ns/net 2> /dev/null)" != "$net" ] || kill -9 "${p#/proc/}"; done
    done
    wait 2> /dev/null
}
trap 'leave; chmod -R u+w "$room"; rm -rf "$room"' EXIT
for i in 0 1; do
    mkfifo "$room/up.$i"
    unshare -n -u sh -c "hostname host$i; echo > '$room/up.$i'; exec sleep 100000" &
    hosts+=($!)
    read -r < "$room/up.$i"
done
on() { nsenter -t "${hosts[$1]}" -n -u "${@:2}"; }
on 0 ip link add wire type veth peer name wire netns "${hosts[1]}" || { echo "skipped: the system makes no veth"; exit 77; }
for i in 0 1; do on $i ip address add 10.77.0.$((i + 1))/24 dev wire && on $i ip link set wire up && on $i ip link set lo up || fail "host $i"; done

# what ssh is elsewhere: AGENT ADDRESS COMMAND...
cat > agent << E2
#!/bin/bash
while [[ \$1 == -* ]]; do shift; done
case \$1 in 10.77.0.1) host=${hosts[0]} ;; 10.77.0.2) host=${hosts[1]} ;; *) exit 1 ;; esac
shift
exec nsenter -t \$host -n -u bash -c "\$*"
E2
chmod +x agent
printf '10.77.0.1 slots=8\n10.77.0.2 slots=8\n' > hosts
export OMPI_MCA_orte_default_hostfile=$work/hosts OMPI_MCA_plm_rsh_agent=$work/agent OMPI_MCA_btl=self,tcp OMPI_MCA_orte_keep_fqdn_hostnames=1 \
    OMPI_MCA_btl_tcp_if_include=wire OMPI_MCA_oob_tcp_if_include=wire OMPI_MCA_rmaps_base_mapping_policy=node OMPI_MCA_hwloc_base_binding_policy=none \
    OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_pml=ob1
ranks() { local n=$1; shift; on 0 mpirun -n "$n" "$@"; }

. "$SOURCE/tests/support/small_recipe.sh"
expect 0 '^host0 host1 $' bash -c "$(declare -f on); hosts=(${hosts[*]}); on 0 mpirun -n 2 hostname | sort | tr '\n' ' '"
expect 0 'steps done' ranks 4 "${small[@]}" --save "$work/four.safetensors"
cmp -s alone.txt out.txt || { fail "four ranks on two hosts print other losses"; cat out.txt; }
cmp -s alone.safetensors four.safetensors || fail "four ranks on two hosts have other weights"
expect 0 '^REPRODUCED$' on 0 "$DETPIPE" verify "$work/small.recipe" --data "$fixture" --ranks 1,2,4 --steps 2
sent=$(on 1 cat /proc/net/dev | awk '/wire:/ { print $10 }')
[ "$sent" -gt 100000 ] || fail "host 1 has sent $sent bytes: the ranks did not talk over the wire"

# a rank that is stopped on the other host; the cable between the hosts is pulled
cat > numbered << E2
#!/bin/bash
echo \$\$ > "$work/pid.\$OMPI_COMM_WORLD_RANK"
exec "\$@" 2> "$work/err.\$OMPI_COMM_WORLD_RANK"
E2
chmod +x numbered
at_step_3() { # COMMAND...: run when the third step of four ranks is there; the job's end is waited for
    local word step rest
    rm -f pid.* err.*
    [ -p pipe ] || mkfifo pipe
    nsenter -t "${hosts[0]}" -n -u mpirun -n 4 "$work/numbered" "${small[@]}" --steps 100000 --save "$work/lost.safetensors" --rank-timeout 8 > pipe 2> launcher.err &
    launcher=$!
    exec 7< pipe
    while read -r word step rest <&7; do [ "$word $step" != "step 3" ] || break; done
    cat <&7 > /dev/null &
    "$@"
    for r in 0 1 2 3; do until ! kill -0 "$(cat pid.$r)" 2> /dev/null; do read -r -t 0.05 <> "$room/up.0"; done; done
    exec 7<&-
}

rm -f lost.safetensors
stop() { kill -STOP "$(cat pid.1)"; } # rank 1 is on the other host
at_step_3 stop
wait $launcher
[ $? = 3 ] || fail "a stopped rank on another host: not status 3"
for r in 0 2 3; do grep -q 'rank 1 of 4 not heard of for 8 seconds' err.$r || fail "a stopped rank on another host: rank $r says $(cat err.$r)"; done
"$DETPIPE" ckpt info lost.safetensors > /dev/null || fail "a stopped rank on another host: no checkpoint"

rm -f lost.safetensors
at_step_3 on 0 ip link set wire down
kill -9 $launcher 2> /dev/null # which would wait for the other host until TCP gives up
for r in 0 2; do grep -q 'ranks 1, 3 of 4 not heard of for 8 seconds' err.$r || fail "a cable that is pulled: rank $r says $(cat err.$r)"; done
grep -q 'ranks 0, 2 of 4 not heard of for 8 seconds' err.1 || fail "a cable that is pulled: rank 1 says $(cat err.1)"
"$DETPIPE" ckpt info lost.safetensors > /dev/null || fail "a cable that is pulled: no checkpoint"
exit $failed
