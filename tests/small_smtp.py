"""A mail server on this machine: it takes mails, knows nobody called `gone`, and may end connections early."""

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Server(socketserver.ThreadingTCPServer):
    """Keeps to whom mails went; `patience` is how many refusals it bears in one connection.

    Whoever is called `poison` ends it, `grey` is refused for now, and each mail takes `pause` seconds.
    Once it is `closed` it takes no mail from whoever does not show who it is: nobody can.
    """

    daemon_threads = True

    def __init__(self, patience: int = 100, pause: float = 0.0) -> None:
        super().__init__(("127.0.0.1", 0), Talk)
        self.patience, self.pause, self.connections = patience, pause, 0
        self.mails: list[tuple[list[str], str]] = []
        self.closed = False

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class Talk(socketserver.StreamRequestHandler):
    """One connection."""

    server: Server

    def handle(self) -> None:
        self.server.connections += 1
        self.say("220 here")
        refusals, recipients = 0, list[str]()
        while (line := self.heard()) and not line.startswith("quit"):
            if "poison@" in line:
                return
            if line.startswith("rcpt") and "gone@" in line:
                refusals += 1
                self.say("550 nobody of this name" if refusals <= self.server.patience else "421 enough")
            elif line.startswith("rcpt") and "grey@" in line:
                self.say("451 4.7.1 greylisted, come back in five minutes")
            elif line.startswith("mail") and self.server.closed:
                self.say("530 5.7.0 authentication required")
            elif line.startswith("data"):
                self.say("354 go on")
                self.server.mails.append((recipients, self.letter()))
                recipients = []
                time.sleep(self.server.pause)
                self.say("250 taken")
            else:
                if line.startswith("rcpt"):
                    recipients.append(line.split("<")[1].split(">")[0])
                self.say("250 well")
            if refusals > self.server.patience:
                return

    def heard(self) -> str:
        return self.rfile.readline().decode().lower()

    def letter(self) -> str:
        return "".join(iter(self.heard, ".\r\n"))

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def answering(server: Server) -> Iterator[Server]:
    """The server, while it runs."""
    with server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


@contextmanager
def mail_server(settings: Any, *, patience: int = 100) -> Iterator[Server]:
    """The site's own."""
    with answering(Server(patience)) as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", server.port, False
        yield server
