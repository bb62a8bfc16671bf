// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol
import SSHCrypto
import Wire

/// Measures the smallest pieces of the data path, each alone.
///
/// Benchmarks/micro builds and runs it.
@main
struct Micro {
    static func main() throws {
        let isQuick = CommandLine.arguments.dropFirst() == ["--quick"]
        let meter = Meter(nanosecondsPerSample: isQuick ? 0 : 50_000_000)
        for cipher in [CipherAlgorithm.aes128GCM, .aes256GCM, .chacha20Poly1305] {
            for size in [32, 1024, 8192, 32768] { try measurePackets(meter, cipher, size) }
        }
        try measureRequests(meter)
        try measureReplies(meter)
        try measureTurns(meter)
    }

    private static func keys(_ cipher: CipherAlgorithm) -> PacketKeys {
        PacketKeys(
            initializationVector: SecretBytes(
                copying: [UInt8](repeating: 1, count: cipher.ivLength)),
            encryption: SecretBytes(copying: [UInt8](repeating: 2, count: cipher.keyLength)),
            mac: SecretBytes(copying: []))
    }

    /// Sealing one packet after the other into a buffer that is kept, and opening them in order.
    private static func measurePackets(_ meter: Meter, _ cipher: CipherAlgorithm, _ size: Int)
        throws
    {
        let payload: [Bytes] = [[UInt8](repeating: 3, count: size)[...]]
        var sealer = PacketSealer(cipher: cipher, mac: nil, keys: keys(cipher))
        let padding = [UInt8](repeating: 4, count: sealer.paddingLength(payloadCount: size))[...]
        var number: UInt32 = 0
        var output: [UInt8] = []
        meter.measure("seal \(size) bytes \(cipher.rawValue)") { count in
            for _ in 0..<count {
                output.removeAll(keepingCapacity: true)
                sealer.seal(payload, padding: padding, sequenceNumber: number, into: &output)
                number &+= 1
            }
        }
        // A sealed packet can be opened only at its own place, so each execution opens what it seals; the line is the
        // sum of both.
        var second = PacketSealer(cipher: cipher, mac: nil, keys: keys(cipher))
        var opener = PacketOpener(cipher: cipher, mac: nil, keys: keys(cipher))
        number = 0
        try meter.measure("seal and open \(size) bytes \(cipher.rawValue)") { count in
            for _ in 0..<count {
                output.removeAll(keepingCapacity: true)
                second.seal(payload, padding: padding, sequenceNumber: number, into: &output)
                let opened = try opener.open(output[...], sequenceNumber: number)
                precondition(opened.count == size)
                number &+= 1
            }
        }
    }

    private static func measureRequests(_ meter: Meter) throws {
        let handle = [UInt8](repeating: 5, count: 4)[...]
        let data: [Bytes] = [[UInt8](repeating: 6, count: 32768)[...]]
        let requests: [(String, SFTPRequest)] = [
            ("READ", .read(handle: handle, offset: 1 << 33, length: 32768)),
            ("WRITE of 32768 bytes", .write(handle: handle, offset: 1 << 33, data: data)),
            ("LSTAT", .lstat(path: Array("/srv/notes/2026/november/today.txt".utf8)[...])),
        ]
        for (name, request) in requests {
            meter.measure("encode \(name)") { count in
                for number in 0..<count {
                    precondition(!request.encode(id: UInt32(truncatingIfNeeded: number)).isEmpty)
                }
            }
            let packet = request.encode(id: 7).reduce(into: [UInt8]()) { $0 += $1 }
            try meter.measure("decode \(name)") { count in
                try decode(packet[...], count) { frame throws(WireError) in
                    _ = try SFTPClientMessage(decoding: frame)
                }
            }
        }
    }

    private static func measureReplies(_ meter: Meter) throws {
        let attributes = FileAttributes(size: 4711, permissions: 0o100644)
        let entries = (0..<100).map { number in
            NameEntry(
                filename: Array("file-\(number).c".utf8)[...],
                longname: Array("-rw-r--r-- 1 user user 4711 Nov 22 12:00 file-\(number).c".utf8)[
                    ...],
                attributes: attributes)
        }
        let data: [Bytes] = [[UInt8](repeating: 8, count: 32768)[...]]
        let replies: [(String, SFTPReply)] = [
            ("DATA of 32768 bytes", .data(data)), ("ATTRS", .attributes(attributes)),
            ("NAME with 100 entries", .name(entries)),
        ]
        for (name, reply) in replies {
            meter.measure("encode \(name)") { count in
                for number in 0..<count {
                    precondition(!reply.encode(id: UInt32(truncatingIfNeeded: number)).isEmpty)
                }
            }
            let packet = reply.encode(id: 7).reduce(into: [UInt8]()) { $0 += $1 }
            try meter.measure("decode \(name)") { count in
                try decode(packet[...], count) { frame throws(WireError) in
                    _ = try SFTPServerMessage(decoding: frame)
                }
            }
        }
    }

    /// Takes the packet out of a stream that repeats it.
    private static func decode(
        _ packet: Bytes, _ count: Int, _ use: (SFTPFrame) throws(WireError) -> Void
    ) throws(WireError) {
        var decoder = SFTPPacketDecoder()
        for _ in 0..<count {
            decoder.append(packet)
            while let frame = try decoder.next() { try use(frame) }
        }
    }

    /// Turns of the loop, each with a timer that is due and a task that goes on.
    private static func measureTurns(_ meter: Meter) throws {
        let loop = try EpollLoop()
        try meter.measure("turn of the loop") { count in
            try loop.run { for _ in 0..<count { try await loop.sleep(for: .zero) } }
        }
    }
}
