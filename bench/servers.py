# SPDX-License-Identifier: Apache-2.0
#
# servers.py: the two servers and who drives them: redis under redis-benchmark, nginx under wrk. Loopback and unix
# sockets only. A driver waits until the server answers and returns requests a second by kind of request.
import csv
import io
import os
import re
import socket
import subprocess
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(family, address, alive, seconds=30):
    """Until the server takes a connection. alive() tells whether it still runs."""
    end = time.monotonic() + seconds
    while True:
        with socket.socket(family) as probe:
            try:
                probe.connect(address)
                return
            except OSError:
                pass
        if not alive() or time.monotonic() > end:
            raise RuntimeError("the server does not answer")
        time.sleep(0.01)


class Redis:
    """Everything in memory, one client process with 50 connections and 16 requests in flight on each."""

    def __init__(self, place, requests):
        self.socket = os.path.join(place.sockets, "redis")
        self.requests = requests
        self.command = ["redis-server", "--port", "0", "--unixsocket", self.socket, "--save", "", "--appendonly", "no"]
        self.command += ["--loglevel", "warning", "--dir", place.inputs]

    def drive(self, alive):
        wait_for(socket.AF_UNIX, self.socket, alive)
        command = ["redis-benchmark", "-s", self.socket, "-t", "set,lpush,hset", "-P", "16", "-r", "100000", "-d", "32"]
        text = subprocess.run(
            command + ["-n", str(self.requests), "--csv"], stdout=subprocess.PIPE, text=True, check=True, timeout=300
        ).stdout
        rows = csv.DictReader(io.StringIO(text))
        return {row["test"]: float(row["rps"]) for row in rows}


CONFIGURATION = """
daemon off;
{user}
worker_processes 2;
pid {place}/nginx.pid;
error_log {place}/nginx.log warn;
events {{ worker_connections 256; }}
http {{
	access_log off;
	client_body_temp_path {place}/body;
	proxy_temp_path {place}/proxy;
	fastcgi_temp_path {place}/fastcgi;
	uwsgi_temp_path {place}/uwsgi;
	scgi_temp_path {place}/scgi;
	keepalive_requests 1000000;
	server {{
		listen 127.0.0.1:{port};
		root {place}/pages;
		location / {{ ssi on; add_header X-Bench "$request_id $connection"; }}
	}}
}}
"""


class Nginx:
    """A page of 2 KiB with one server-side include, to 32 connections that stay open."""

    def __init__(self, place, seconds):
        self.port = free_port()
        self.seconds = seconds
        pages = os.path.join(place.inputs, "pages")
        os.makedirs(pages, exist_ok=True)
        with open(os.path.join(pages, "index.html"), "w") as page:
            page.write('<html><!--#echo var="DATE_GMT" -->' + "x" * 2000 + "</html>\n")
        configuration = os.path.join(place.inputs, "nginx.conf")
        user = "user root;" if os.geteuid() == 0 else ""
        with open(configuration, "w") as file:
            file.write(CONFIGURATION.format(place=place.inputs, port=self.port, user=user))
        self.command = ["nginx", "-p", place.inputs, "-c", configuration, "-e", place.inputs + "/nginx.log"]

    def drive(self, alive):
        wait_for(socket.AF_INET, ("127.0.0.1", self.port), alive)
        command = ["wrk", "-t", "1", "-c", "32", "-d", f"{self.seconds}s", f"http://127.0.0.1:{self.port}/index.html"]
        text = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=300).stdout
        if "Non-2xx" in text or "Socket errors" in text:
            raise RuntimeError("wrk met errors:\n" + text)
        return {"requests": float(re.search(r"Requests/sec:\s*([\d.]+)", text).group(1))}
