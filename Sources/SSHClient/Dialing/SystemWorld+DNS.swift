// SPDX-License-Identifier: Apache-2.0

import EventLoop
public import SSHConfig
import Wire

/// Host keys in the DNS: questions to the name servers of resolv.conf(5).
///
/// The C library's resolver would block, cannot be told a deadline, and hides what it does.
extension SystemWorld {
    /// Looks a host's SSHFP records up.
    public func fingerprintsInDNS(of host: String) async throws -> SSHFPRecords {
        guard SocketAddress.numeric(host) == nil else {
            throw LookupError("\(host) is an address and no name")
        }
        let resolver = try await resolverConfiguration()
        var problem = LookupError("there is no name server")
        for _ in 0..<resolver.attempts {
            for server in resolver.nameServers {
                do {
                    return try await ask(server, about: host, resolver)
                } catch let error as LookupError {
                    problem = error
                }
            }
        }
        throw problem
    }

    private func resolverConfiguration() async throws -> ResolverConfiguration {
        let (path, options) = (resolverFile, environment["RES_OPTIONS"])
        do {
            return try await loop.offload {
                let file = try FileContent.read(path, limit: ResolverConfiguration.fileBytes)
                return ResolverConfiguration(file?.bytes[...], environment: options)
            }
        } catch let problem as FileProblem {
            throw LookupError("\(path): \(problem)")
        }
    }

    /// Asks one server, in as many ways as it takes.
    private func ask(
        _ server: String, about host: String, _ resolver: ResolverConfiguration
    ) async throws -> SSHFPRecords {
        guard let address = SocketAddress.numeric(server, port: nameServerPort) else {
            throw LookupError("\(server) is no address of a name server")
        }
        let query = SSHFPQuery(
            host: host, id: newID(), trustsAD: resolver.trustsAD, usesEDNS: resolver.usesEDNS)
        guard let query else { throw LookupError("\(host) cannot be a name in the DNS") }
        do {
            var reply = try await reply(to: query, from: address, resolver)
            if reply == .notUnderstood {
                reply = try await self.reply(
                    to: query.withoutEDNS(id: newID()), from: address, resolver)
            }
            switch reply {
            case .records(let records): return records
            case .failure(let reason): throw LookupError("\(server): \(reason)")
            case .truncated, .notUnderstood: throw LookupError("\(server): no usable answer")
            }
        } catch let error as SystemError {
            throw LookupError("\(server): \(error.reason)")
        } catch is TimeoutError {
            throw LookupError("\(server): no answer")
        }
    }

    private func newID() -> UInt16 {
        random(2).prefix(2).reduce(0) { $0 << 8 | UInt16($1) }
    }

    private func reply(
        to query: SSHFPQuery, from address: SocketAddress, _ resolver: ResolverConfiguration
    ) async throws -> SSHFPQuery.Reply {
        if !resolver.usesTCP {
            let reply = try await loop.ask(
                address, query.message, until: loop.now + resolver.timeout
            ) { query.reply(in: $0) }
            guard reply == .truncated else { return reply }
        }
        let deadline = loop.now + resolver.timeout
        let socket = try await loop.connect(to: address, deadline: deadline)
        let channel = try DescriptorChannel(socket: socket, loop: loop)
        do {
            let reply = try await loop.withTimeout(deadline - loop.now) {
                try await Self.reply(to: query, over: channel)
            }
            await channel.close()
            return reply
        } catch {
            await channel.close()
            throw error
        }
    }

    /// Over a stream, a message has its length before it (RFC 1035 section 4.2.2).
    private static func reply(
        to query: SSHFPQuery, over channel: DescriptorChannel
    ) async throws -> SSHFPQuery.Reply {
        let message = query.message
        let length = [UInt8(message.count >> 8), UInt8(message.count & 0xFF)]
        let framed = length + message
        try await channel.write([framed[...]])
        var received: [UInt8] = []
        while let bytes = try await channel.read() {
            received += bytes
            guard received.count >= 2 else { continue }
            let count = Int(received[0]) << 8 | Int(received[1])
            guard received.count >= 2 + count else { continue }
            let reply = query.reply(in: received[2..<2 + count])
            return reply ?? .failure("an answer to another question")
        }
        return .failure("the server has closed the connection")
    }
}
