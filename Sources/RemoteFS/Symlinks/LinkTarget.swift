// SPDX-License-Identifier: Apache-2.0

/// The target of a symbolic link, taken apart.
struct LinkTarget {
    /// What is to be done with one name of a path.
    enum Step: Hashable {
        case up
        case down(FileName)
    }

    /// The most links that are followed for one, as Linux has it (`MAXSYMLINKS`).
    static let maximumLinks = 40

    let isAbsolute: Bool
    private(set) var steps: [Step]

    init(_ target: [UInt8]) {
        let slash = UInt8(ascii: "/")
        isAbsolute = target.first == slash
        steps = target.split(separator: slash).compactMap { name in
            if name.elementsEqual(".".utf8) { return nil }
            return name.elementsEqual("..".utf8) ? .up : .down(FileName(name))
        }
    }

    /// How often it leads up, if it is relative and all `..` come first: then it leads through
    /// directories only, whatever the links behind them are.
    var leadingUps: Int? {
        let ups = steps.prefix { $0 == .up }.count
        return isAbsolute || steps.dropFirst(ups).contains(.up) ? nil : ups
    }

    /// The steps that are left behind a directory that an absolute target begins with.
    func steps(below directory: LinkTarget) -> ArraySlice<Step>? {
        guard isAbsolute, steps.starts(with: directory.steps) else { return nil }
        return steps.dropFirst(directory.steps.count)
    }

    /// A relative target that leads from one directory to a place, both given from the root.
    init(from directory: some Collection<FileName>, to place: [FileName]) {
        let common = zip(directory, place).prefix { $0 == $1 }.count
        isAbsolute = false
        steps =
            Array(repeating: .up, count: directory.count - common)
            + place.dropFirst(common).map { .down($0) }
    }

    /// The target as the kernel takes it, where it is relative.
    var text: [UInt8] {
        let names = steps.map { step in
            switch step {
            case .up: FileName("..".utf8)
            case .down(let name): name
            }
        }
        return names.isEmpty ? [UInt8(ascii: ".")] : Array(names.joined(separator: "/".utf8))
    }
}
