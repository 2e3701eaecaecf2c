#!/bin/bash
# test_slurm.sh - ranks that srun starts by PMIx: a Slurm of one node, in namespaces that take it with them
# SPDX-License-Identifier: Apache-2.0
set -u
. "$SOURCE/tests/support/expect.sh"
[ -z "$SANITIZE" ] || { echo "skipped under $SANITIZE: MPI leaks"; exit 77; }
ldd "$DETPIPE" | grep -q libmpi || { echo "skipped: there is no Open MPI"; exit 77; }
PATH=$PATH:/usr/sbin:/sbin
for tool in munged slurmctld slurmd srun ip unshare; do
    command -v $tool > /dev/null || { echo "skipped: Slurm was not tried without $tool (Debian: slurmd, slurmctld, munge, iproute2)"; exit 77; }
done
[ "$(id -u)" = 0 ] && unshare -n -u -p -f -m --mount-proc ip link add wire type veth peer name other 2> /dev/null ||
    { echo "skipped: only root makes namespaces with a network, where the system permits them"; exit 77; }

. "$SOURCE/tests/support/small_recipe.sh"

chmod 755 "$room" "$work"
mkdir state spool
head -c 1024 /dev/urandom > key
chmod 400 key
cat > slurm.conf << E2
ClusterName=one
SlurmctldHost=node
SlurmUser=root
AuthInfo=socket=$work/munge
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmdLogFile=$work/step.log
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
KillWait=1
SelectType=select/cons_tres
SlurmdParameters=config_overrides
NodeName=node CPUs=8 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES State=UP
E2
printf 'CgroupPlugin=cgroup/v1\nCgroupAutomount=no\n' > cgroup.conf
echo "PMIxCliTmpDirBase=$work/spool" > mpi.conf
# a rank writes its number down, and what it complains of
cat > numbered << E2
#!/bin/bash
echo \$\$ > "$work/pid.\$SLURM_PROCID"
exec "\$@" 2> "$work/err.\$SLURM_PROCID"
E2
chmod +x numbered
# what ends, and all that it started with it, when its first process does
cat > one << E2
ip link set lo up
hostname node
ip link add wire type veth peer name other && ip address add 10.77.1.1/24 dev wire && ip link set wire up && ip link set other up
printf '127.0.0.1 localhost\n10.77.1.1 node\n' > hosts
mount --bind hosts /etc/hosts
export SLURM_CONF=$work/slurm.conf
munged --force --key-file=$work/key --socket=$work/munge --pid-file=$work/munged.pid --log-file=$work/munged.log --seed-file=$work/seed
slurmctld -D > slurmctld.log 2>&1 &
slurmd -D -N node > slurmd.log 2>&1 &
for i in {1..300}; do [ "\$(sinfo -h -o %T 2> /dev/null)" = idle ] && break; read -r -t 0.1 <> pause; done
[ "\$(sinfo -h -o %T)" = idle ] || { tail -5 slurmctld.log slurmd.log munged.log; exit 9; }
srun -n 4 --mpi=pmix ${small[*]} --save $work/four.safetensors > four.txt 2> four.err || echo "four: status \$?"
srun -n 4 --mpi=pmix --kill-on-bad-exit=1 $work/numbered ${small[*]} --steps 100000 --save $work/lost.safetensors --rank-timeout 4 > pipe 2> lost.err &
exec 7< pipe
while read -r word step rest <&7; do [ "\$word \$step" != "step 3" ] || break; done
cat <&7 > /dev/null &
kill -STOP "\$(cat pid.1)"
wait %3
echo "stopped: status \$?"
E2
mkfifo pause pipe
timeout 300 unshare -n -u -p -f -m --mount-proc bash one > one.txt 2>&1
[ "$(cat one.txt)" = 'stopped: status 3' ] || { fail "Slurm: $(cat one.txt)"; tail -n 20 four.err lost.err step.log; }
cmp -s alone.txt four.txt || { fail "four ranks of srun print other losses"; cat four.txt four.err; }
cmp -s alone.safetensors four.safetensors || fail "four ranks of srun have other weights"
for r in 0 2 3; do grep -q 'rank 1 of 4 not heard of for 4 seconds' err.$r || fail "a rank that is stopped: rank $r says $(cat err.$r)"; done
"$DETPIPE" ckpt info lost.safetensors > /dev/null || fail "a rank that is stopped: no checkpoint"
exit $failed
