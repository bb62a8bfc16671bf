// SPDX-License-Identifier: Apache-2.0

import SSHConfig
import SSHCrypto
import Wire

extension FuzzTarget {
    /// What a name server replies, and a resolv.conf.
    static let dnsReplies = FuzzTarget(
        name: "dns-replies", seeds: { dnsSeeds },
        run: { input in
            _ = ResolverConfiguration(input, environment: "trust-ad")
            for trustsAD in [false, true] {
                let query = SSHFPQuery(
                    host: "host.example", id: 0x1234, trustsAD: trustsAD, usesEDNS: trustsAD)
                guard let query else { preconditionFailure("the name is a good one") }
                let plain = query.withoutEDNS(id: 1)
                precondition((query.message.count > plain.message.count) == trustsAD)
                guard case .records(let found) = query.reply(in: input) else { continue }
                precondition(found.records.count <= input.count && (trustsAD || !found.areSecure))
                _ = found.verdict(on: fuzzKey.publicKey)
            }
        })
}

/// A reply with an alias and two records, failures, and a configuration with every option.
private let dnsSeeds: [[UInt8]] = {
    let question: [UInt8] =
        [4] + Array("host".utf8) + [7] + Array("example".utf8) + [0, 0, 44, 0, 1]
    func reply(_ flags: [UInt8], _ answers: [UInt8], count: UInt8) -> [UInt8] {
        [0x12, 0x34] + flags + [0, 1, 0, count, 0, 0, 0, 0] + question + answers
    }
    let fixed: [UInt8] = [0, 1, 0, 0, 0, 60, 0]
    let alias = [0xC0, 12, 0, 5] + fixed + [4, 1, 97, 0xC0, 17]
    let owner: [UInt8] = [1, 97, 0xC0, 17]
    let records =
        owner + [0, 44] + fixed + [22, 4, 1] + [UInt8](repeating: 1, count: 20)
        + owner + [0, 44] + fixed + [34, 4, 2] + [UInt8](repeating: 2, count: 32)
    let failures = [0x81, 0x82, 0x83, 0x84, 0x85].map { reply([0x81, $0], [], count: 0) }
    let text = """
        ; comment
        nameserver 192.0.2.1
        search example.com
        options trust-ad edns0 use-vc timeout:3 attempts:4 other
        """
    return [
        reply([0x81, 0xA0], alias + records, count: 3), reply([0x83, 0x80], [], count: 0),
        [0x12, 0x34, 0x81, 0x81, 0, 0, 0, 0, 0, 0, 0, 0], Array(text.utf8),
    ] + failures
}()
