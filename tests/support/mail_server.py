# python3 mail_server.py CONFIG: aiosmtpd's SMTP server as CONFIG (JSON, see MailServer) says. What it takes it writes
# into config["mails"], one JSON file each, as Python's own mail parser reads it. Its port stands in config["port"].
import asyncio
import json
import os
import ssl
import sys
from email import policy
from email.parser import BytesParser

from aiosmtpd.smtp import SMTP, AuthResult

with open(sys.argv[1], encoding="utf-8") as text:
    config = json.load(text)


class Mails:
    def __init__(self):
        self.taken = 0
        self.turned_away = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("grey") and address not in self.turned_away:
            self.turned_away.add(address)
            return "451 4.7.1 come again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        raw = envelope.original_content
        mail = BytesParser(policy=policy.default).parsebytes(raw)
        lines = raw.split(b"\r\n")
        facts = {
            "sender": envelope.mail_from,
            "recipients": envelope.rcpt_tos,
            "user": session.auth_data,
            "tls": session.ssl is not None,
            "headers": {name.lower(): str(value) for name, value in mail.items()},
            "date": mail["date"].datetime.timestamp(),
            "type": mail.get_content_type(),
            "parts": {part.get_content_type(): part.get_content() for part in mail.iter_parts()},
            "defects": [repr(defect) for part in mail.walk() for defect in part.defects],
            "longest_line": max(map(len, lines)),
            "bare_line_ends": sum(line.count(b"\n") + line.count(b"\r") for line in lines),
            "ascii": raw.isascii(),
        }
        path = os.path.join(config["mails"], f"{self.taken:03}.json")
        with open(path + ".new", "w", encoding="utf-8") as out:
            json.dump(facts, out)
        os.rename(path + ".new", path)
        self.taken += 1
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    good = data.login == config["user"].encode() and data.password == config["password"].encode()
    return AuthResult(success=good, handled=good, auth_data=data.login.decode())


async def serve():
    context = None
    if config["tls"] != "none":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(config["chain"], config["key"])
    handler = Mails()
    more = {"authenticator": authenticate, "auth_required": True} if config["user"] else {}
    if config["tls"] == "starttls":
        more |= {"tls_context": context, "require_starttls": True}
    # Behind implicit TLS this library doesn't see the TLS: it would never offer a login.
    if config["tls"] == "implicit":
        more |= {"auth_require_tls": False}
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(handler, **more), "127.0.0.1", 0, ssl=context if config["tls"] == "implicit" else None)
    with open(config["port"] + ".new", "w", encoding="utf-8") as out:
        out.write(str(server.sockets[0].getsockname()[1]))
    os.rename(config["port"] + ".new", config["port"])
    await server.serve_forever()


asyncio.run(serve())
