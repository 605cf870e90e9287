"""Receives webhooks of boltkeys: checks the signature, handles each message once, answers before it works.

pip install standardwebhooks
WEBHOOK_SECRET=whsec_… python receiver.py 8080
"""

import json
import os
import queue
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["WEBHOOK_SECRET"])
waiting = queue.Queue()
handled = set()  # in earnest a table: it has to outlive this process


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            webhook.verify(body, dict(self.headers))
        except WebhookVerificationError as error:
            self.answer(401, str(error))
            return
        waiting.put((self.headers["webhook-id"], json.loads(body)))
        self.answer(204)

    def log_message(self, *args):
        """Prints events only."""

    def answer(self, status, text=""):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())


def work():
    while True:
        message_id, event = waiting.get()
        if message_id not in handled:
            print(event["type"], event["data"]["id"], flush=True)
            handled.add(message_id)


if __name__ == "__main__":
    threading.Thread(target=work, daemon=True).start()
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
