"""A real SLURM on this machine's loopback: controller, accounting, nodes with fake GPUs.

    python -m tests.slurm.cluster        the same cluster by hand (`make slurm`): a shell inside it

Everything lives in one temporary folder (keys, sockets, state, database, devices), on ports of its
own, and `stop` ends exactly the processes that `start` began. The clients are wrappers in `bin`,
first in PATH, that name the configuration: the executor plugin strips SLURM_CONF from its jobs.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

CLIENTS = ("sbatch", "srun", "squeue", "scancel", "scontrol", "sinfo", "sacct", "sacctmgr")
DAEMONS = ("munged", "slurmctld", "slurmd", "slurmdbd", "mariadbd", "mariadb-install-db")
PACKAGES = "slurm-wlm munge slurmdbd mariadb-server"
GPUS = {"gpu1": ("a100", 4), "gpu2": ("a100", 4), "old1": ("v100", 2)}
USER, ACCOUNT = "root", "maths"


def missing() -> str:
    """Why no cluster can be started here, in one line; empty if one can."""
    if os.geteuid() != 0:
        return "a SLURM test cluster needs root (device nodes, its own daemons)"
    absent = [name for name in (*DAEMONS, *CLIENTS) if shutil.which(name, path=_path()) is None]
    if absent:
        return f"no {', '.join(absent)} here: apt-get install {PACKAGES}"
    with tempfile.TemporaryDirectory() as folder:
        try:
            _device(Path(folder) / "null")
        except OSError as error:
            return f"a SLURM test cluster needs to make device nodes: {error}"
    return ""


def _device(path: Path) -> None:
    """A GPU as far as SLURM looks at it: a device node, here of /dev/null."""
    os.mknod(path, 0o20666, os.makedev(1, 3))


def _path() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin:/sbin"


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


class Cluster:
    """See the module. Paths have no spaces; the folder must be short (sockets: 107 bytes)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._ports = dict(
            zip(("ctl", "dbd", "sql", *GPUS), free_ports(3 + len(GPUS)), strict=True)
        )
        self.bin = folder / "bin"
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("SLURM_", "SBATCH_"))},
            "PATH": f"{self.bin}:{_path()}",
        }  # fmt: skip

    def start(self) -> None:
        """Bring everything up; a few seconds."""
        self._write()
        self._daemon("munged", "--foreground", "--num-threads=4",
                     f"--key-file={self.folder}/munge.key",
                     f"--socket={self.folder}/munge.socket", f"--pid-file={self.folder}/munge.pid",
                     f"--log-file={self.folder}/munge.log", f"--seed-file={self.folder}/munge.seed",
                     "--force")  # fmt: skip
        wait_for(lambda: (self.folder / "munge.socket").exists(), "munged")
        self._database()
        self._daemon("slurmdbd", "-D", SLURM_CONF=str(self.folder / "slurm.conf"))
        wait_for(lambda: self._manages("show", "cluster"), "slurmdbd")
        self.run("sacctmgr", "-i", "add", "cluster", "test")
        self.run("sacctmgr", "-i", "add", "account", ACCOUNT, "cluster=test")
        self.run("sacctmgr", "-i", "add", "user", USER, f"account={ACCOUNT}", check=False)
        self.start_controller(fresh=True)
        for node in GPUS:
            self.start_node(node)
        wait_for(
            lambda: self.run("sinfo", "-h", "-o", "%T %D").stdout.split() == ["idle", "3"], "nodes"
        )

    def stop(self) -> None:
        """End what was started, last first, and whatever steps of jobs still run here."""
        if "controller" in self._running:
            self.run("scancel", "--user", USER, check=False)
            self._settle()
        for name in reversed(list(self._running)):
            self._end(name)

    def last_words(self) -> str:
        """The ends of the daemons' logs."""
        logs = sorted([*self.folder.glob("*.log"), *self.folder.glob("*.out")])
        return "\n".join(f"{x.name}: {x.read_text(errors='replace')[-600:]}" for x in logs)

    def _settle(self) -> None:
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline and self.run("squeue", "-h", check=False).stdout.strip():
            time.sleep(0.3)

    def start_controller(self, *, fresh: bool = False) -> None:
        """Start slurmctld; without `fresh` it goes on from its saved state."""
        flags = ["-c", "-i"] if fresh else ["-i"]
        self._daemon(
            "slurmctld", "-D", *flags, "-f", f"{self.folder}/slurm.conf", name="controller"
        )
        wait_for(lambda: "UP" in self.run("scontrol", "ping", check=False).stdout, "slurmctld")

    def stop_controller(self) -> None:
        """End slurmctld as a crash would."""
        self._end("controller", hard=True)

    def start_node(self, node: str) -> None:
        """Start a node's slurmd."""
        self._daemon("slurmd", "-D", "-N", node, "-f", f"{self.folder}/slurm.conf", name=node)

    def stop_node(self, node: str) -> None:
        """End a node's slurmd as a crash would; the controller notices after SlurmdTimeout."""
        self._end(node, hard=True)

    @contextmanager
    def broken(self, node: str) -> Iterator[None]:
        """The node fails to launch jobs (its prolog does), and works again afterwards."""
        flag = self.folder / f"broken-{node}"
        flag.touch()
        try:
            yield
        finally:
            flag.unlink()
            self.run("scontrol", "update", f"nodename={node}", "state=resume", check=False)
            wait_for(lambda: "drain" not in self.run("sinfo", "-h", "-N").stdout, node)

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """A client's output."""
        return subprocess.run(
            command, check=check, text=True, env=self.environment, timeout=60,
            capture_output=True,
        )  # fmt: skip

    def _manages(self, *words: str) -> bool:
        return self.run("sacctmgr", "-n", *words, check=False).returncode == 0

    def _daemon(self, program: str, *arguments: str, name: str = "", **environment: str) -> None:
        binary = shutil.which(program, path=_path())
        assert binary is not None
        with (self.folder / f"{name or program}.out").open("ab") as log:
            self._running[name or program] = subprocess.Popen(
                [binary, *arguments], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                env={**self.environment, **environment}, start_new_session=True,
            )  # fmt: skip

    def _end(self, name: str, *, hard: bool = False) -> None:
        process = self._running.pop(name)
        (process.kill if hard else process.terminate)()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _database(self) -> None:
        data = self.folder / "sql"
        subprocess.run(
            ["mariadb-install-db", f"--datadir={data}", "--user=root", "--skip-test-db",
             "--auth-root-authentication-method=normal"],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.environment,
        )  # fmt: skip
        self._daemon(
            "mariadbd", "--no-defaults", f"--datadir={data}", "--user=root",
            f"--socket={self.folder}/sql.socket", f"--port={self._ports['sql']}",
            "--bind-address=127.0.0.1", "--skip-networking=0", f"--pid-file={self.folder}/sql.pid",
            "--innodb-flush-log-at-trx-commit=2", "--innodb-buffer-pool-size=64M",
        )  # fmt: skip
        client = [
            "mariadb",
            "--no-defaults",
            f"--socket={self.folder}/sql.socket",
            "-u",
            "root",
            "-e",
        ]
        wait_for(lambda: self.run(*client, "select 1", check=False).returncode == 0, "mariadb")
        self.run(*client, "create user slurm@'%' identified by 'slurm'; "
                 "create user slurm@localhost identified by 'slurm'; "
                 "grant all on slurm_acct_db.* to slurm@'%'; "
                 "grant all on slurm_acct_db.* to slurm@localhost")  # fmt: skip

    def _write(self) -> None:
        for name in ("state", "bin", "dev", "spool", "sql"):
            (self.folder / name).mkdir()
        (self.folder / "munge.key").write_bytes(os.urandom(128))
        (self.folder / "munge.key").chmod(0o400)
        for index in range(4):
            _device(self.folder / "dev" / f"nvidia{index}")
        for client in CLIENTS:
            real = shutil.which(client, path=_path())
            wrapper = self.bin / client
            wrapper.write_text(f'#!/bin/sh\nSLURM_CONF={self.folder}/slurm.conf exec {real} "$@"\n')
            wrapper.chmod(0o755)
        # a node refuses to launch jobs while a test wants it to
        self._file("prolog", f"#!/bin/sh\n[ ! -e {self.folder}/broken-$SLURMD_NODENAME ]\n", 0o755)
        self._file("slurm.conf", self._slurm_conf())
        self._file("gres.conf", self._gres_conf())
        self._file("slurmdbd.conf", self._slurmdbd_conf(), 0o600)

    def _file(self, name: str, text: str, mode: int = 0o644) -> None:
        path = self.folder / name
        path.write_text(text, encoding="ascii")
        path.chmod(mode)

    def _gres_conf(self) -> str:
        lines = [
            f"NodeName={node} Name=gpu Type={kind} File={self.folder}/dev/nvidia[0-{count - 1}]"
            for node, (kind, count) in GPUS.items()
        ]
        return "\n".join(["AutoDetect=off", *lines, ""])

    def _slurmdbd_conf(self) -> str:
        return f"""AuthType=auth/munge
AuthInfo=socket={self.folder}/munge.socket
DbdHost=localhost
DbdPort={self._ports["dbd"]}
SlurmUser=root
LogFile={self.folder}/slurmdbd.log
PidFile={self.folder}/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={self._ports["sql"]}
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm_acct_db
"""

    def _slurm_conf(self) -> str:
        host = socket.gethostname().split(".")[0]
        nodes = "\n".join(
            f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={self._ports[node]} "
            f"CPUs=64 RealMemory=900000 Gres=gpu:{kind}:{count}"
            for node, (kind, count) in GPUS.items()
        )
        return f"""ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={self._ports["ctl"]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={self.folder}/munge.socket,cred_expire=10
StateSaveLocation={self.folder}/state
SlurmdSpoolDir={self.folder}/spool/%n
SlurmctldPidFile={self.folder}/slurmctld.pid
SlurmdPidFile={self.folder}/slurmd-%n.pid
SlurmctldLogFile={self.folder}/slurmctld.log
SlurmdLogFile={self.folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
Prolog={self.folder}/prolog
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=1,bf_interval=2,batch_sched_delay=0
EnforcePartLimits=NO
GresTypes=gpu
SlurmdParameters=config_overrides
ReturnToService=2
MinJobAge=600
SlurmdTimeout=10
SlurmctldTimeout=10
KillWait=10
InactiveLimit=0
JobRequeue=1
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=localhost
AccountingStoragePort={self._ports["dbd"]}
AccountingStoragePass={self.folder}/munge.socket
AccountingStoreFlags=job_comment
AccountingStorageEnforce=associations,limits
AccountingStorageTRES=gres/gpu,gres/gpu:a100,gres/gpu:v100
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
{nodes}
PartitionName=gpu Nodes=gpu1,gpu2 Default=YES MaxTime=4320 PriorityTier=1 PreemptMode=REQUEUE
PartitionName=spot Nodes=gpu1,gpu2 MaxTime=4320 PriorityTier=1 PreemptMode=CANCEL
PartitionName=urgent Nodes=gpu1,gpu2 MaxTime=4320 PriorityTier=10 PreemptMode=OFF
PartitionName=old Nodes=old1 MaxTime=4320
"""


def wait_for(done: Callable[[], bool], what: str, seconds: float = 40) -> None:
    """Wait until something holds.

    Raises:
        TimeoutError: it did not; names it.
    """
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come in {seconds:.0f} s")
        time.sleep(0.1)


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """A cluster that is up; it goes with the block."""
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))
    folder.chmod(0o755)  # munge wants its socket reachable
    cluster = Cluster(folder)
    try:
        try:
            cluster.start()
        except Exception as error:
            raise RuntimeError(f"{error}\n{cluster.last_words()}") from error
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main(command: Sequence[str]) -> int:
    """A shell, or a command, with the cluster's clients in PATH."""
    why = missing()
    if why:
        print(f"error: {why}", file=sys.stderr)
        return 1
    with running_cluster() as cluster:
        if not command:
            print("SLURM is up: partitions gpu, spot, urgent and old, account maths; exit ends it")
        shell = os.environ.get("SHELL", "/bin/bash")
        return subprocess.run(command or [shell], env=cluster.environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
