// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Testing
import Wire

/// READ and WRITE of more than one request, against servers that answer as the test wants.
@Suite struct TransferTests {
    /// Reads 100 bytes of a server that answers READs with `answers`, in the order they come.
    private func read(_ answers: [SFTPReply]) throws -> Result<[UInt8], SFTPError> {
        try simulate { server in
            for answer in answers { try await server.answerNext(answer) }
        } client: { client, _ in
            do {
                let pieces = try await client.read(.any, offset: 1000, length: 100)
                return .success(Array(pieces.joined()))
            } catch let error as SFTPError {
                let isGood = await client.closeReason == nil
                #expect(isGood != error.endsConnection)
                return .failure(error)
            }
        }
    }

    private func data(_ byte: UInt8, _ count: Int) -> SFTPReply {
        .data([Bytes(repeating: byte, count: count)])
    }

    @Test func asksOnAfterShortData() throws {
        let bytes = try read([data(1, 60), data(2, 39), data(3, 1)]).get()
        #expect(
            bytes == Array(repeating: 1, count: 60) + Array(repeating: 2, count: 39) + [3])
    }

    @Test func aShortReadEndsOnlyAtTheEndOfTheFile() throws {
        #expect(try read([data(1, 60), .status(.eof)]).get().count == 60)
        #expect(try read([.status(.eof)]).get().isEmpty)
    }

    @Test func anErrorIsNeverAnEndOfFile() throws {
        #expect(
            try read([data(1, 60), .status(.failure)]) == .failure(.status(SFTPStatus(.failure))))
    }

    @Test func bearsWithEmptyDataOnce() throws {
        #expect(
            try read([.data([]), data(1, 50), .data([]), data(1, 50)]).get().count == 100)
    }

    @Test func doesNotAskForEverWhereNothingComes() throws {
        #expect(try read([data(1, 50), .data([]), .data([])]) == .failure(.noProgress))
    }

    @Test func sendsAllPartsBeforeTheFirstAnswer() throws {
        let length = 10 * SFTPLimits.assumedTransferBytes + 5
        try simulate { server in
            var answers: [(UInt32, SFTPReply)] = []
            for (id, request) in try await server.next(11) {
                guard case .read(handle: "any", let offset, let length) = request else { return }
                let byte = UInt8(offset / UInt64(SFTPLimits.assumedTransferBytes))
                answers.append(
                    (id, .data([Bytes(repeating: byte, count: Int(length))])))
            }
            for (id, answer) in answers.reversed() { try await server.send(answer, to: id) }
        } client: { client, _ in
            let pieces = try await client.read(.any, offset: 0, length: length)
            let expected = (0..<11).flatMap { index in
                Array(repeating: UInt8(index), count: index == 10 ? 5 : 32_768)
            }
            #expect(pieces.joined().elementsEqual(expected))
        }
    }

    @Test func whatIsBehindTheEndOfTheFileIsNotRead() throws {
        let part = SFTPLimits.assumedTransferBytes
        try simulate { server in
            let reads = try await server.next(3)
            // The file grows while it is read: what is behind the end was not there yet.
            try await server.send(data(3, part), to: reads[2].id)
            try await server.send(.status(.eof), to: reads[1].id)
            try await server.send(data(1, part), to: reads[0].id)
        } client: { client, _ in
            let pieces = try await client.read(.any, offset: 0, length: 3 * part)
            #expect(pieces.joined().elementsEqual(repeatElement(1, count: part)))
            #expect(await client.closeReason == nil)
        }
    }

    @Test func aPartThatFailsFailsTheRead() throws {
        let part = SFTPLimits.assumedTransferBytes
        try simulate { server in
            let reads = try await server.next(3)
            try await server.send(data(1, part), to: reads[0].id)
            try await server.send(.status(.permissionDenied), to: reads[1].id)
            try await server.send(data(3, part), to: reads[2].id)
        } client: { client, _ in
            await #expect(throws: SFTPError.status(SFTPStatus(.permissionDenied))) {
                try await client.read(.any, offset: 0, length: 3 * part)
            }
            #expect(await client.closeReason == nil)
        }
    }

    @Test func aWriteTellsTheFirstErrorOnceAllAreAnswered() throws {
        let part = SFTPLimits.assumedTransferBytes
        try simulate { server in
            let writes = try await server.next(4)
            let sizes = writes.map { _, request in
                guard case .write(handle: "any", _, let data) = request else { return 0 }
                return data.reduce(0) { $0 + $1.count }
            }
            #expect(sizes == [part, part, part, 17])
            try await server.send(.status(.ok), to: writes[0].id)
            try await server.send(.status(.failure), to: writes[2].id)
            try await server.send(.status(.permissionDenied), to: writes[1].id)
            // Only what comes after this time may end the call.
            try await server.pause(.seconds(5))
            try await server.send(.status(.ok), to: writes[3].id)
        } client: { client, loop in
            await #expect(throws: SFTPError.status(SFTPStatus(.permissionDenied))) {
                try await client.write(.any, offset: 9, data: [testData(3 * part + 17)])
            }
            #expect(loop.now == .seconds(5))
        }
    }

    @Test func writtenPiecesKeepTheirOrderWhateverTheirSizes() throws {
        let data = testData(100_000)
        let cuts = [0, 1, 1, 40_000, 40_001, 99_000, 100_000]
        try simulate { server in
            var received: [UInt8] = []
            while received.count < data.count {
                let (id, request) = try await server.next()
                guard case .write(handle: "any", let offset, let data) = request else { return }
                #expect(offset == 7 + UInt64(received.count))
                received += data.joined()
                try await server.send(.status(.ok), to: id)
            }
            #expect(received == Array(data))
        } client: { client, _ in
            let pieces = zip(cuts, cuts.dropFirst()).map { data[$0..<$1] }
            try await client.write(.any, offset: 7, data: pieces)
        }
    }

    @Test func joinsSmallPieces() throws {
        try simulate { server in
            for byte in 0..<100 { try await server.answerNext(data(UInt8(byte), 1)) }
        } client: { client, _ in
            let pieces = try await client.read(.any, offset: 0, length: 100)
            #expect(pieces.count == 1)
            #expect(pieces.joined().elementsEqual(0..<100))
        }
    }

    @Test(arguments: [UInt64(Int64.max) - 1, .max - 1, .max])
    func refusesWhatIsBeyondTheLargestFile(offset: UInt64) throws {
        let tooLarge = SFTPError.status(SFTPStatus(errno: .EFBIG))
        try simulate { _ in
        } client: { client, _ in
            await #expect(throws: tooLarge) {
                try await client.read(.any, offset: offset, length: 3)
            }
            await #expect(throws: tooLarge) {
                try await client.write(.any, offset: offset, data: [[1, 2, 3]])
            }
        }
    }

    @Test func payloadsAreNotCopied() throws {
        let written = Bytes(repeating: 1, count: 50_000)
        let sent = Bytes(repeating: 2, count: 20_000)
        try simulate { server in
            let writes = try await server.next(2)
            for write in writes {
                guard case .write(_, _, let data) = write.request else { return }
                #expect(data.allSatisfy { isPart($0, of: written) })
                try await server.send(.status(.ok), to: write.id)
            }
            try await server.answerNext(.data([sent]))
        } client: { client, _ in
            try await client.write(.any, offset: 0, data: [written])
            let read = try await client.read(.any, offset: 0, length: sent.count)
            #expect(read.allSatisfy { isPart($0, of: sent) })
        }
    }
}

/// Whether a slice is one of the very memory of another.
private func isPart(_ part: Bytes, of whole: Bytes) -> Bool {
    unsafe whole.withUnsafeBytes { whole in
        unsafe part.withUnsafeBytes { part in
            guard let start = part.baseAddress, let wholeStart = whole.baseAddress
            else { return false }
            let offset = unsafe start - wholeStart
            return offset >= 0 && offset + part.count <= whole.count
        }
    }
}
