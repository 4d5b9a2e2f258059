package main

import (
	"encoding/json"
	"fmt"
)

// The controller gives some parameters narrower types than JSON has, and templates can tell: an absent key
// of a map of texts is the empty text, and functions that want a dict refuse it. Such values are marked by
// being the only value of an object, below one of these keys.
const (
	textsMark = "\x00texts"
	listMark  = "\x00list"
)

// readParams decodes parameters: numbers are float64, as they are to the controller.
func readParams(raw json.RawMessage) (map[string]any, error) {
	decoded := map[string]any{}
	if err := json.Unmarshal(raw, &decoded); err != nil {
		return nil, fmt.Errorf("parameters cannot be read: %w", err)
	}
	for key, value := range decoded {
		decoded[key] = typed(value)
	}
	return decoded, nil
}

func typed(value any) any {
	switch value := value.(type) {
	case map[string]any:
		return typedMap(value)
	case []any:
		for i, item := range value {
			value[i] = typed(item)
		}
	}
	return value
}

func typedMap(value map[string]any) any {
	if texts, is := value[textsMark].(map[string]any); is && len(value) == 1 {
		result := make(map[string]string, len(texts))
		for key, text := range texts {
			result[key] = fmt.Sprint(text)
		}
		return result
	}
	if list, is := value[listMark].([]any); is && len(value) == 1 {
		return typedList(list)
	}
	for key, item := range value {
		value[key] = typed(item)
	}
	return value
}

// typedList makes a list of texts, or a list of maps where it holds such.
func typedList(list []any) any {
	texts, maps := make([]string, 0, len(list)), make([]map[string]any, 0, len(list))
	for _, item := range list {
		switch item := typed(item).(type) {
		case string:
			texts = append(texts, item)
		case map[string]any:
			maps = append(maps, item)
		}
	}
	if len(maps) > 0 {
		return maps
	}
	return texts
}
