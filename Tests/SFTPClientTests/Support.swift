// SPDX-License-Identifier: Apache-2.0

import EventLoop
import LocalSFTPServer
import Wire

@testable import SFTPClient

/// Runs `body` with a client of OpenSSH's server, and the directory that the server starts in.
func withServer<T: Sendable>(
    arguments: [String] = [],
    _ body: @escaping @Sendable (SFTPClient, String) async throws -> T
) throws -> T {
    let directory = try TemporaryDirectory()
    let server = try LocalSFTPServer(directory: directory.path, arguments: arguments)
    defer { server.stop() }
    let loop = try EpollLoop()
    return try loop.run {
        let client = try await SFTPClient.open(over: server.channel(loop: loop), loop: loop)
        let result: Result<T, any Error>
        do {
            result = .success(try await body(client, directory.path))
        } catch {
            result = .failure(error)
        }
        await client.disconnect()
        return try result.get()
    }
}

extension ArraySlice: @retroactive ExpressibleByStringLiteral,
    @retroactive ExpressibleByUnicodeScalarLiteral,
    @retroactive ExpressibleByExtendedGraphemeClusterLiteral
where Element == UInt8 {
    /// The text's UTF-8.
    public init(stringLiteral text: String) { self = Array(text.utf8)[...] }
}

/// Bytes without a short period.
func testData(_ count: Int) -> Bytes {
    var state: UInt32 = 1
    return (0..<count).map { _ in
        state = state &* 1_664_525 &+ 1_013_904_223
        return UInt8(truncatingIfNeeded: state >> 24)
    }[...]
}

extension SFTPHandle {
    /// A handle for servers that don't look at it.
    static var any: SFTPHandle { SFTPHandle("any", generation: 0) }
}
