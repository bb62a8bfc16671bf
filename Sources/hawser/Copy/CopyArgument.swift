// SPDX-License-Identifier: Apache-2.0

import SSHConfig
import Wire

/// One of the files that `hawser cp` is given, as scp(1) reads it.
struct CopyArgument: Equatable {
    /// Where on a network a file lies.
    struct Host: Hashable {
        var user: String?
        var name: String
        var port: String?
    }

    /// The server; nil for a file of this machine.
    let host: Host?
    /// The path there.
    let path: [UInt8]

    /// Takes an argument apart.
    ///
    /// - Parameter text: `[user@]host:path`, `scp://[user@]host[:port][/path]`, the same with `sftp`, or
    ///   a local path. A name with a colon is local behind a slash or a leading colon.
    init(_ text: String) throws {
        for scheme in ["scp://", "sftp://"] where text.lowercased().hasPrefix(scheme) {
            (host, path) = try Self.parse(uri: text.dropFirst(scheme.count), text)
            return
        }
        guard let colon = Self.colon(in: text) else {
            (host, path) = (nil, text.keptBytes)
            return
        }
        host = try Self.host(text[..<colon], text)
        path = text[text.index(after: colon)...].keptBytes
    }

    /// The colon behind the host, if there is a host.
    private static func colon(in text: String) -> String.Index? {
        guard text.first != ":" else { return nil }
        var isInBrackets = text.first == "["
        var previous: Character?
        for index in text.indices {
            switch text[index] {
            case "[" where previous == "@": isInBrackets = true
            case ":" where isInBrackets && previous == "]": return index
            case ":" where !isInBrackets: return index
            case "/": return nil
            default: break
            }
            previous = text[index]
        }
        return nil
    }

    private static func host(_ login: Substring, _ text: String) throws -> Host {
        let at = login.lastIndex(of: "@")
        var name = at.map { login[login.index(after: $0)...] } ?? login
        if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
        let user = at.map { String(login[..<$0]) }
        guard !name.isEmpty, user != "" else {
            throw CommandProblem("\(text): the \(name.isEmpty ? "host" : "user") is missing")
        }
        return Host(user: user, name: String(name))
    }

    private static func parse(uri: Substring, _ text: String) throws -> (Host, [UInt8]) {
        let slash = uri.firstIndex(of: "/")
        var login = uri[..<(slash ?? uri.endIndex)]
        let path = try decoded(slash.map { uri[uri.index(after: $0)...] } ?? "", text)
        var port: String?
        let start = login.lastIndex(of: "]") ?? login.lastIndex(of: "@") ?? login.startIndex
        if let colon = login[start...].lastIndex(of: ":") {
            let digits = login[login.index(after: colon)...]
            guard let number = UInt16(digits), number > 0 else {
                throw CommandProblem("\(text): the port is a number from 1 to 65535")
            }
            port = "\(number)"
            login = login[..<colon]
        }
        let plain = String(decoding: try decoded(login, text), as: UTF8.self)
        var host = try host(plain[...], text)
        host.port = port
        return (host, path)
    }

    /// A part of a URI without its percent signs (RFC 3986, section 2.1).
    private static func decoded(_ part: Substring, _ text: String) throws -> [UInt8] {
        var result: [UInt8] = []
        var rest = part.keptBytes[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                result.append(byte)
                continue
            }
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            guard digits.utf8.count == 2, let value = UInt8(digits, radix: 16), value != 0 else {
                throw CommandProblem(
                    "\(text): a percent sign needs two hexadecimal digits behind it")
            }
            result.append(value)
            rest = rest.dropFirst(2)
        }
        return result
    }

    /// What stands in front of its paths in messages.
    var label: String {
        guard let host else { return "" }
        return (host.user.map { "\($0)@" } ?? "") + host.bracketedName + ":"
    }
}

extension CopyArgument.Host {
    /// The name as it stands in front of a path.
    var bracketedName: String { name.contains(":") ? "[\(name)]" : name }
}
