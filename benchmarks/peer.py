"""llama.cpp's own HTTP server, from the same library file that Pensieve's worker loads: `peer.py MODEL PORT OPTIONS`.

The engine is set up as Pensieve sets it up, so that what is compared is what stands around it. How its threads wait is
left at the library's default. With the option "jinja", the model's own chat template is used.
"""

from __future__ import annotations

import json
import signal
import sys

import xllamacpp


def main() -> None:
    model, port, options = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
    parameters = xllamacpp.CommonParams()
    parameters.model.path = model
    parameters.hostnames, parameters.port = ["127.0.0.1"], port
    parameters.n_ctx, parameters.n_parallel = options["context"] * options["parallel"], options["parallel"]
    parameters.n_batch = parameters.n_ubatch = options["batch"]
    parameters.cache_ram_mib = options["cache_mb"]
    for cpu in (parameters.cpuparams, parameters.cpuparams_batch):
        cpu.n_threads = options["threads"]
    parameters.fit_params = parameters.warmup = False
    parameters.enable_chat_template = parameters.use_jinja = options.get("jinja", False)
    parameters.verbosity = 0
    server = xllamacpp.Server(parameters)
    print("ready", server.listening_address, flush=True)
    signal.sigwait([signal.SIGTERM, signal.SIGINT])


if __name__ == "__main__":
    main()
