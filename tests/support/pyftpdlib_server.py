# python3 pyftpdlib_server.py CONFIG: pyftpdlib's single-process server for one user, as CONFIG (JSON, see
# driver_config()) says. What is ours: whose rights it has, and what it writes down. SIGUSR2 ends all sessions.
import json
import os
import signal
import sys

import encodings.idna  # noqa: F401  (imported now, while this process may read everything)
import logging

from pyftpdlib import handlers, servers
from pyftpdlib.authorizers import DummyAuthorizer

with open(sys.argv[1], encoding="utf-8") as text:
    config = json.load(text)
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(int(os.environ["OUTHAUL_TEST_GID"]))
    os.setuid(int(os.environ["OUTHAUL_TEST_UID"]))
os.umask(0o022)
logging.basicConfig(level=logging.WARNING)
log = os.open(config["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644) if config["log"] else None


class Handler(handlers.FTPHandler):
    authorizer = DummyAuthorizer()
    timeout = config["idle_timeout"]
    auth_failed_timeout = 0
    passive_ports = range(config["ports"][0], config["ports"][1] + 1) if config["ports"] else None
    proto_cmds = {name: facts for name, facts in handlers.FTPHandler.proto_cmds.items()
                  if name not in config["denied"]}

    def pre_process_command(self, line, cmd, arg):  # before it is carried out: whoever has the reply finds the line
        if log is not None:
            told = "PASS (hidden)" if cmd == "PASS" else line
            os.write(log, (told + "\n").encode("utf-8", "surrogateescape"))
        super().pre_process_command(line, cmd, arg)


class Data(handlers.DTPHandler):
    timeout = config["data_timeout"]


Handler.dtp_handler = Data
Handler.authorizer.add_user(config["user"], config["password"], config["root"], perm=config["rights"])
servers.FTPServer.max_cons = 0
servers.FTPServer.max_cons_per_ip = config["max_clients"]
server = servers.FTPServer(("127.0.0.1", config["port"]), Handler)


told_to_end_sessions = False


def end_sessions(number, frame):
    global told_to_end_sessions
    told_to_end_sessions = True


signal.signal(signal.SIGUSR2, end_sessions)
while True:  # nothing may be closed while the loop looks at it
    server.ioloop.loop(0.05, False)
    if told_to_end_sessions:
        told_to_end_sessions = False
        for channel in list(server.ioloop.socket_map.values()):
            if channel is not server:
                try:
                    channel.close()
                except Exception:  # closed by the one before, whose data connection it was
                    pass
