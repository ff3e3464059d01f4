"""A database of Turso Database, spoken to as Turso Cloud is: Hrana over HTTP in front of pyturso.

Prints its port when it listens, and ends with its standard input."""

import base64
import json
import os
import sys
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import turso

FILE = sys.argv[1]
LOCK = threading.Lock()
STREAMS = {}


def connect():
    return turso.connect(FILE, isolation_level=None)


def sent(value):
    if value is None:
        return {"type": "null"}
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"type": "blob", "base64": base64.b64encode(bytes(value)).decode().rstrip("=")}
    if isinstance(value, float):
        return {"type": "float", "value": value}
    if isinstance(value, int):
        return {"type": "integer", "value": str(value)}
    return {"type": "text", "value": value}


def received(value):
    kind = value["type"]
    if kind == "null":
        return None
    if kind == "integer":
        return int(value["value"])
    if kind == "blob":
        text = value["base64"]
        return base64.b64decode(text + "=" * (-len(text) % 4))
    return value["value"]


def failed(error):
    message = str(error)
    code = "SQLITE_ERROR"
    if "constraint failed" in message:
        code = "SQLITE_CONSTRAINT"
    elif "locked" in message or "busy" in message:
        code = "SQLITE_BUSY"
    return {"message": message, "code": code}


def run(connection, statement):
    cursor = connection.execute(statement["sql"], [received(value) for value in statement.get("args", [])])
    rows = cursor.fetchall()
    columns = [{"name": column[0], "decltype": None} for column in cursor.description or []]
    if not statement.get("want_rows", True):
        columns, rows = [], []
    return {
        "cols": columns,
        "rows": [[sent(value) for value in row] for row in rows],
        "affected_row_count": max(cursor.rowcount or 0, 0),
        "last_insert_rowid": None,
    }


def holds(condition, results, errors, connection):
    kind = condition["type"]
    if kind == "ok":
        return results[condition["step"]] is not None
    if kind == "error":
        return errors[condition["step"]] is not None
    if kind == "not":
        return not holds(condition["cond"], results, errors, connection)
    if kind in ("and", "or"):
        each = (holds(one, results, errors, connection) for one in condition["conds"])
        return all(each) if kind == "and" else any(each)
    if kind == "is_autocommit":
        return not connection.in_transaction
    raise ValueError(kind)


def batch(connection, steps):
    results, errors = [], []
    for step in steps:
        results.append(None)
        errors.append(None)
        condition = step.get("condition")
        if condition is not None and not holds(condition, results, errors, connection):
            continue
        try:
            results[-1] = run(connection, step["stmt"])
        except Exception as error:
            errors[-1] = failed(error)
            print(step["stmt"]["sql"], "->", error, file=sys.stderr)
    return {"step_results": results, "step_errors": errors}


def describe(connection, sql):
    word = sql.split(None, 1)[0].upper()
    reads = word in ("SELECT", "WITH", "VALUES")
    if reads:
        cursor = connection.execute("SELECT * FROM (\n" + sql.rstrip().rstrip(";") + "\n) LIMIT 0")
    elif word in ("EXPLAIN", "PRAGMA"):
        cursor = connection.execute(sql)
    else:
        cursor = connection.execute("EXPLAIN " + sql)
    cursor.fetchall()
    names = [column[0] for column in cursor.description or []] if reads else []
    columns = [{"name": name, "decltype": None} for name in names]
    return {"params": [], "cols": columns, "is_explain": word == "EXPLAIN", "is_readonly": reads}


def answer(connection, request):
    kind = request["type"]
    if kind == "batch":
        return {"type": "batch", "result": batch(connection, request["batch"]["steps"])}
    if kind == "execute":
        return {"type": "execute", "result": run(connection, request["stmt"])}
    if kind == "describe":
        return {"type": "describe", "result": describe(connection, request["sql"])}
    if kind == "close":
        return {"type": "close"}
    raise ValueError("unknown request " + kind)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def reply(self, status, body, kind):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.reply(200, b"", "text/plain")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        if "/v3-protobuf/" in self.path:
            self.reply(404, b"", "text/plain")
            return
        asked = json.loads(body)
        with LOCK:
            baton = asked.get("baton")
            connection = STREAMS.pop(baton, None) if baton else connect()
            if connection is None:
                self.reply(400, json.dumps({"message": "stream not found", "code": "STREAM_EXPIRED"}).encode(), "application/json")
                return
            results, is_closed = [], False
            for request in asked["requests"]:
                try:
                    response = answer(connection, request)
                    is_closed = is_closed or response["type"] == "close"
                    results.append({"type": "ok", "response": response})
                except Exception as error:
                    results.append({"type": "error", "error": failed(error)})
            baton = None
            if is_closed:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                connection.close()
            else:
                baton = str(uuid.uuid4())
                STREAMS[baton] = connection
        body = {"baton": baton, "base_url": None, "results": results}
        self.reply(200, json.dumps(body).encode(), "application/json")


def end_with_the_test():
    sys.stdin.read()
    os._exit(0)


# it fails to read a file in which nobody has written anything
FIRST = connect()
FIRST.execute("CREATE TABLE first (a)")
FIRST.execute("DROP TABLE first")
FIRST.close()

server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=end_with_the_test, daemon=True).start()
print(server.server_address[1], flush=True)
server.serve_forever()
