"""A real mail server for tests: aiosmtpd, and Python's own reader of mails.

Its settings are JSON in the first argument; its port is the first line that it says, and each mail it
takes over another, read by a parser that shares nothing with what wrote it.
"""

import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

settings = json.loads(sys.argv[1])
greylisted = set(settings.get("greylist", []))


def say(value):
    print(json.dumps(value), flush=True)


def authenticate(server, session, envelope, mechanism, login):
    if not isinstance(login, LoginPassword):
        return AuthResult(success=False, handled=False)
    known = (settings["username"].encode(), settings["password"].encode())
    if (login.login, login.password) == known:
        return AuthResult(success=True, auth_data=settings["username"])
    return AuthResult(
        success=False,
        handled=False,
        message="535 5.7.8 no such login: " + login.password.decode(),
    )


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in settings.get("refuse", []):
            return "550 5.1.1 no such mailbox"
        if address in greylisted:
            greylisted.discard(address)
            return "450 4.2.0 greylisted, come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        leaves = [part for part in mail.walk() if not part.is_multipart()]
        say(
            {
                "from": envelope.mail_from,
                "to": envelope.rcpt_tos,
                "is_tls": session.ssl is not None,
                "login": session.auth_data,
                "headers": [[name.lower(), str(value)] for name, value in mail.items()],
                "kind": mail.get_content_type(),
                "parts": [[leaf.get_content_type(), leaf.get_content()] for leaf in leaves],
                "defects": [str(defect) for part in mail.walk() for defect in part.defects],
                "is_ascii": envelope.content.isascii(),
            }
        )
        return "250 2.0.0 taken over"


def protocol():
    context = None
    if settings["tls"] == "starttls":
        context = certificate()
    has_login = "username" in settings
    return SMTP(
        Handler(),
        hostname="localhost",
        tls_context=context,
        require_starttls=context is not None,
        authenticator=authenticate if has_login else None,
        auth_required=has_login,
        auth_require_tls=False,
        enable_SMTPUTF8=False,
        timeout=30,
    )


def certificate():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(settings["cert"], settings["key"])
    return context


async def main():
    secured = certificate() if settings["tls"] == "implicit" else None
    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=secured)
    say({"port": server.sockets[0].getsockname()[1]})
    async with server:
        await server.serve_forever()


asyncio.run(main())
