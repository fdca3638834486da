package io.msgtrans.reactive;

/**
 * A named, typed option of one transport, such as {@code WebSocketOptions.PATH}. A transport of your own declares its
 * own constants.
 *
 * @param name unique: {@code scheme.option}
 * @param type what values it takes
 * @param defaultValue what holds when it is not set
 */
public record EndpointOption<T>(String name, Class<T> type, T defaultValue) {

    @Override
    public String toString() {
        return name;
    }
}
