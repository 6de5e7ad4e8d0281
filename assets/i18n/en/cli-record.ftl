# Writing everything that crosses the sockets of a run to a file: `--record`.

cli-record = Write every read and write to this file while the command runs: .txt to read, .jsonl for programs, .pcapng for Wireshark. It has everything that was said, also passwords, and it has its name once the command has ended

record-formats = the name must end in .txt, .jsonl or .pcapng
record-gone = More came than could be written: { $path } says what is missing
record-saved =
    { $n ->
        [one] 1 connection with { $size } in { $segments } reads and writes recorded in { $path }
       *[other] { $connections } connections with { $size } in { $segments } reads and writes recorded in { $path }
    }
