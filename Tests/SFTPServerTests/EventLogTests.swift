// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Testing
import Wire

@testable import SFTPServer

@Suite struct EventLogTests {
    let directory = TemporaryDirectory()

    private func session(_ level: LogLevel = .info, _ policy: RequestPolicy = RequestPolicy())
        throws -> TestSession
    {
        try TestSession(policy: policy, level: level, format: .json)
    }

    /// The lines without what differs from run to run.
    private func events(_ session: TestSession) -> [String] {
        let patterns = [
            #"s|"time":"....-..-..T..:..:..\.......Z"|T|"#,
            #"s|seconds":[0-9.e-]*|seconds":S|g"#, #"s|path":"[^"]*/|path":"|g"#,
        ]
        let filter = patterns.map { "-e '\($0)'" }.joined(separator: " ")
        return session.log.take().map { line in
            directory.shell("cat > line <<'END'\n\(line)\nEND\nsed \(filter) line | tr -d '\\n'")
        }
    }

    private let who = #""user":"root","address":"192.0.2.1""#

    @Test func transferTellsWhoWhatHowManyBytesAndHowItEnded() throws {
        let session = try session()
        let handle = try session.open(directory["f"], [.read, .write, .create])
        _ = try session.ask(.write(handle: handle, offset: 0, data: [bytes("abc")]))
        _ = try session.data(handle, at: 1, length: 9)
        _ = try session.status(.close(handle: handle))
        #expect(
            events(session) == [
                #"{T,"event":"open",\#(who),"path":"f","flags":"READ,WRITE,CREATE","#
                    + #""seconds":S,"result":"Success"}"#,
                #"{T,"event":"close",\#(who),"path":"f","bytes_read":2,"bytes_written":3,"#
                    + #""open_seconds":S,"seconds":S,"result":"Success"}"#,
            ])
    }

    @Test func failureTellsTheErrorOfTheSystem() throws {
        let session = try session()
        _ = try session.ask(.remove(path: directory["none"]))
        _ = try session.ask(.rename(oldPath: directory["none"], newPath: directory["other"]))
        #expect(
            events(session) == [
                #"{T,"event":"remove",\#(who),"path":"none","seconds":S,"#
                    + #""result":"No such file","errno":2,"error":"No such file or directory"}"#,
                #"{T,"event":"rename",\#(who),"path":"none","new_path":"other","seconds":S,"#
                    + #""result":"No such file","errno":2,"error":"No such file or directory"}"#,
            ])
    }

    @Test func refusalIsTold() throws {
        let session = try session(.info, RequestPolicy(isReadOnly: true))
        _ = try session.ask(.rmdir(path: directory["d"]))
        #expect(
            events(session) == [
                #"{T,"event":"rmdir",\#(who),"path":"d","seconds":S,"result":"Permission denied"}"#
            ])
    }

    @Test func noNameForgesALine() throws {
        let session = try session()
        let name = "x\n{\"event\":\"forged\"}\r\u{2028}\u{1B}[2J\"\\"
        _ = try session.ask(.remove(path: bytes(name)))
        let line = try #require(session.log.take().first)
        #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value < 0x7F })
        let told = #""path":"x\n{\"event\":\"forged\"}\r\u2028\u001b[2J\"\\""#
        #expect(line.contains(told), "\(line)")
        // What is no UTF-8, or is longer than any path, stands escaped.
        _ = try session.ask(.remove(path: [0xFF, 0x0A, 0x41]))
        #expect(try #require(session.log.take().first).contains(#""path_escaped":"\\377\\nA""#))
        _ = try session.ask(.remove(path: Bytes(repeating: 0x41, count: 5000)))
        #expect(try #require(session.log.take().first).utf8.count < 1500)
    }

    @Test func manyRequestsAreToldOfAtHigherLevelsOnly() throws {
        directory.shell("printf abc > f")
        let session = try session(.debug1)
        let handle = try session.open(directory["f"], .read)
        _ = try session.attributes(.stat(path: directory["f"]))
        _ = try session.data(handle, at: 0, length: 9)
        #expect(
            events(session).dropFirst() == [
                #"{T,"event":"stat",\#(who),"path":"f","seconds":S,"result":"Success"}"#,
                #"{T,"event":"read",\#(who),"path":"f","offset":0,"bytes_read":3,"seconds":S,"#
                    + #""result":"Success"}"#,
            ])
        session.session.close()
        #expect(
            events(session) == [
                #"{T,"event":"forced-close",\#(who),"path":"f","bytes_read":3,"bytes_written":0,"#
                    + #""open_seconds":S}"#,
                #"{T,"event":"session-close",\#(who)}"#,
            ])
    }

    @Test func otherLinesAreMessages() throws {
        let session = try session()
        _ = try session.send([[0, 0, 0, 5, 3, 0, 0, 0, 1]])
        let line = try #require(session.log.take().first)
        #expect(
            line.contains(#""event":"message","level":"error","message":"bad message of type 3"#))
    }
}
